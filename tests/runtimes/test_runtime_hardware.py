import os

from idiolect.runtimes.hardware import available_cpus


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
