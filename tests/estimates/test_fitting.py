"""What is said where a run does not fit into memory: settings that do, each tried by the estimate itself."""

import pytest
from known_sizes import sizes_of

from idiolect.errors import IdiolectError, MemoryShortage
from idiolect.estimates.fitting import Fitting

ALL = ("ingest", "generate", "prepare", "train", "evaluate", "export")
FULL = sizes_of().memory("train")
CACHED = sizes_of("train.micro_batch=16").memory("train")


def fitting(free_mb, *settings, stages=ALL, **known):
    return Fitting(stages, sizes_of(*settings, free_mb=free_mb, **known))


def names(fitting):
    return [list(changes) for changes in fitting.remedies()]


def test_enough_memory_says_nothing():
    found = fitting(2 * FULL)
    assert found.fits
    found.require()
    assert (
        found.sentence()
        == f"train takes about {FULL / 1000:.1f} GB of memory, and {2 * FULL / 1000:.1f} GB are free"
    )


def test_where_nothing_says_what_is_free_everything_fits():
    found = fitting(None)
    found.require()
    assert found.fits and found.sentence() == ""


def test_a_little_too_little_names_the_milder_settings_first():
    found = fitting(0.9 * FULL)
    assert names(found) == [["train.micro_batch"], ["train.batch_size"], ["train.max_tokens"]]
    assert found.remedies()[:2] == [{"train.micro_batch": 16}, {"train.batch_size": 16}]
    with pytest.raises(MemoryShortage) as error:
        found.require()
    said = str(error.value)
    assert (
        f"train takes about {FULL / 1000:.1f} GB of memory, and {0.9 * FULL / 1000:.1f} GB are free: set "
        in said
    )
    assert f"train.micro_batch=16 ({CACHED / 1000:.1f} GB, the same result in a third more time), or " in said
    assert "--ignore-memory" in said and "\n" not in said
    assert isinstance(error.value, IdiolectError) and error.value.exit_code == 1


@pytest.mark.parametrize("free_mb", [0.9 * FULL, 0.6 * FULL, 0.4 * FULL, 1.01 * CACHED, 0.9 * CACHED])
def test_every_proposal_is_accepted_and_takes_what_it_says(free_mb):
    found = fitting(free_mb, stages=("train",))
    assert found.remedies()
    for changes in found.remedies():
        settings = [f"{name}={value}" for name, value in changes.items()]
        fitting(free_mb, *settings, stages=("train",)).require()


def test_several_settings_come_together_where_none_does_alone():
    found = fitting(50_000, free_gpu_mb=200.0, stages=("train",))
    assert [set(changes) for changes in found.remedies()] == [{"train.micro_batch", "train.adapter"}]
    found.with_settings(found.remedies()[0]).require()


def test_a_micro_batch_that_is_there_is_not_proposed_again():
    found = fitting(0.98 * CACHED, "train.micro_batch=16", stages=("train",))
    assert found.remedies()[0] == {"train.micro_batch": 4}


@pytest.mark.parametrize(
    ("stages", "known"),
    [(("train",), {}), (("train",), {"settings": "train.adapter=linear"}), (("prepare",), {"chunks": 10**7})],
)
def test_where_no_setting_helps_that_is_said(stages, known):
    settings = filter(None, [known.pop("settings", "")])
    with pytest.raises(MemoryShortage, match="no setting makes it fit: take a smaller"):
        fitting(800, *settings, stages=stages, **known).require()


def test_fewer_processes_read_where_those_of_ingest_do_not_fit():
    found = fitting(2_000, "ingest.workers=32", stages=("ingest",))
    (changes,) = found.remedies()
    assert list(changes) == ["ingest.workers"] and 4 < changes["ingest.workers"] < 10
    both = fitting(0.9 * FULL, "ingest.workers=64", stages=("ingest", "train"))
    assert names(both)[0] == ["ingest.workers", "train.micro_batch"]
    both.with_settings(both.remedies()[0]).require()


def test_a_gpu_s_memory_is_looked_at_on_its_own():
    found = fitting(50_000, free_gpu_mb=1_500.0, stages=("train",))
    assert "GB of GPU memory, and 1.5 GB are free" in found.sentence()
    assert found.remedies()[0] == {"train.micro_batch": 16}
    fitting(50_000, free_gpu_mb=50_000.0).require()
    assert not fitting(1_000, free_gpu_mb=50_000.0).fits, "the host's memory counts as well"
