import os

from idiolect.runtimes.hardware import available_cpus, available_memory


def own(tmp_path, text):
    file = tmp_path / "self-cgroup"
    file.write_text(text)
    return file


def test_without_quotas_affinity_decides(tmp_path):
    assert available_cpus(tmp_path, tmp_path / "missing") == len(os.sched_getaffinity(0))


def test_a_cgroup_v2_quota_of_a_parent_binds(tmp_path):
    (tmp_path / "pod" / "container").mkdir(parents=True)
    (tmp_path / "pod" / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "pod" / "container" / "cpu.max").write_text("max 100000\n")
    assert available_cpus(tmp_path, own(tmp_path, "0::/pod/container\n")) == 1


def test_a_cgroup_v1_quota_binds(tmp_path):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("80000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert available_cpus(tmp_path, own(tmp_path, "4:cpu,cpuacct:/\n")) == 1


def test_no_limit_is_no_limit(tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert available_cpus(tmp_path, own(tmp_path, "0::/\n")) == len(os.sched_getaffinity(0))


GB = 1_000_000_000


def meminfo(tmp_path, free=8 * GB):
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal: 99999999 kB\nMemAvailable:   {free // 1024} kB\n")
    return file


def limits(folder, **values):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_without_limits_the_system_says_what_is_free(tmp_path):
    limits(tmp_path, memory__max="max", memory__current=GB)
    assert available_memory(tmp_path, own(tmp_path, "0::/\n"), meminfo(tmp_path)) == 8 * GB // 1024 * 1024
    assert available_memory(tmp_path, tmp_path / "missing", tmp_path / "missing") is None


def test_a_cgroup_v2_limit_of_a_parent_binds_and_cached_files_count_as_free(tmp_path):
    limits(tmp_path / "pod" / "container", memory__max="max", memory__current=GB)
    statistics = f"anon {GB}\ninactive_file {GB // 2}\nactive_file 7"
    limits(tmp_path / "pod", memory__max=3 * GB, memory__current=2 * GB, memory__stat=statistics)
    left = available_memory(tmp_path, own(tmp_path, "0::/pod/container\n"), meminfo(tmp_path))
    assert left == GB + GB // 2


def test_a_cgroup_v1_limit_binds(tmp_path):
    limits(
        tmp_path / "memory" / "job",
        memory__limit_in_bytes=2 * GB,
        memory__usage_in_bytes=GB,
        memory__stat=f"inactive_file 5\ntotal_inactive_file {GB // 4}",
    )
    limits(tmp_path / "memory", memory__limit_in_bytes=2**63 - 4096, memory__usage_in_bytes=9 * GB)
    lines = "5:cpu:/\n4:memory:/job\n0::/\n"
    assert available_memory(tmp_path, own(tmp_path, lines), meminfo(tmp_path)) == GB + GB // 4


def test_what_is_over_its_limit_has_nothing_left(tmp_path):
    limits(tmp_path, memory__max=GB, memory__current=2 * GB)
    assert available_memory(tmp_path, own(tmp_path, "0::/\n"), meminfo(tmp_path)) == 0
