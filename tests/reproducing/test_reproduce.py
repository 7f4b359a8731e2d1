"""A manifest is run again: bit for bit on this machine, and where it is not, what differs is named."""

import json
import re
import shutil

import msgspec
import pytest
import tiny_model
from builders import Listening
from small_corpus import MACHINES, sections, write_small_corpus
from teachers.chat_server import ChatServer, about

from idiolect.cli import main
from idiolect.errors import AuditError, UsageError
from idiolect.files import digest_path, tree_digests, write_json
from idiolect.lifecycle.audit.manifests import read
from idiolect.lifecycle.erasure.suppression import suppress
from idiolect.reproducing import reproduce
from idiolect.reproducing.circumstances import surroundings
from idiolect.reproducing.comparing import gaps, output
from idiolect.workspace import Workspace

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = (
    "ingest.workers=1",
    "generate.max_queries=200",
    "prepare.masked_queries=24",
    "prepare.test_fraction=0.25",
    "prepare.dev_fraction=0.2",
    "prepare.dev_corpus=50",
    "train.batch_size=8",
    "train.epochs=5",
    "train.learning_rate=1e-3",
    "train.dimensions=[64, 32]",
    "export.formats=[]",
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A tiny model that knows the words of the small corpus, so that training changes what it finds."""
    texts = [
        f"manual of the {name} {heading} {text}"
        for number, name in enumerate(MACHINES)
        for heading, text in sections(name, number)
    ]
    words = re.findall("[a-z]+", " ".join(texts).lower())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny_model, "WORDS", f"{tiny_model.WORDS} {' '.join(words)}")
        patch.setattr(tiny_model, "MAX_TOKENS", 64)
        return tiny_model.save_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


def command(*arguments):
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    return done.value.code


def options(base, *more):
    return [part for setting in (f"train.base={base}", *SETTINGS, *more) for part in ("--set", setting)]


def manifest(work, stage):
    return sorted((work / "manifests").glob(f"*-{stage}.json"))[-1]


@pytest.fixture(scope="module")
def ran(tmp_path_factory, base):
    """A run whose WORK lies among its documents, as `idiolect run .` leaves it; the WORK."""
    docs = write_small_corpus(tmp_path_factory.mktemp("waterworks") / "docs")
    from threads import one_torch_thread

    with one_torch_thread():
        assert command("run", docs, "-w", docs / "work", *options(base), "-q") in (0, 3)
    return docs / "work"


def test_no_record_of_a_whole_run_holds_a_text(ran):
    work = Workspace(ran)
    told = "".join(path.read_text() for path in (work.audit, *work.manifests.iterdir()))
    assert len(list(work.manifests.iterdir())) == 6
    texts = [
        json.loads(line)["text"] for name in ("chunks", "queries") for line in getattr(work, name).open()
    ]
    sentences = {
        sentence.strip() for text in texts for sentence in re.split(r"[.?\n]", text) if len(sentence) > 25
    }
    assert len(sentences) > 100
    assert [sentence for sentence in sentences if sentence in told] == []


def test_a_run_reproduces_bit_for_bit_and_a_second_call_does_nothing_more(ran, tmp_path, capsys):
    again = tmp_path / "again"
    assert command("reproduce", manifest(ran, "export"), "-w", again, "--json", "-q") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agrees"] and found["reproduction"]["changed"] == []
    outputs = {one["name"]: one["state"] for one in found["reproduction"]["outputs"]}
    assert outputs.pop("bundle") == "equal", "its card and bill name the run, and when that was"
    assert set(outputs.values()) == {"identical"}
    assert {"chunks", "model", "report", "per_query"} <= outputs.keys()
    then, now = (tree_digests(work / "bundle") for work in (ran, again))
    others = {name for name in {*then, *now} if then.get(name) != now.get(name)}
    assert others == {"README.md", "bom.cdx.json", "manifest.json"}
    assert read(manifest(ran, "train")).metrics["share"] > 0, "the tuned weights are other than the base's"
    assert found["reproduction"]["figures"] > 50 and found["reproduction"]["gaps"] == []
    before = sorted((again / "manifests").iterdir())
    assert command("reproduce", manifest(ran, "export"), "-w", again, "-q") == 0
    assert sorted((again / "manifests").iterdir()) == before
    out = capsys.readouterr().out
    assert re.search(r"^train +model +identical *$", out, re.MULTILINE)
    assert out.rstrip().endswith("Reproduced.")


def test_a_changed_document_is_named_and_what_comes_of_it(ran, tmp_path, capsys):
    docs = tmp_path / "moved"
    shutil.copytree(ran.parent, docs, ignore=shutil.ignore_patterns("work"))
    with (docs / "mains-valve.md").open("a") as file:
        file.write("\nThe spare key hangs in the gatehouse.\n")
    again = tmp_path / "again"
    assert command("reproduce", manifest(ran, "generate"), "-w", again, "--docs", docs, "-q") == 1
    out = capsys.readouterr().out
    assert "Changed since: input DOCS: not what ingest was given then" in out
    assert re.search(r"^ingest +documents +differs \(1 of 16 lines\) *$", out, re.MULTILINE), out
    assert re.search(r"^ingest +rejected_documents +identical *$", out, re.MULTILINE)
    assert re.search(r"^Not reproduced: documents, chunks, .* differ\.$", out, re.MULTILINE)


def test_what_was_erased_since_does_not_come_back(ran, tmp_path, capsys):
    work = tmp_path / "erased"
    shutil.copytree(ran, work)
    suppress(work / "suppressed.json", ["mains-valve.md"], [])
    again = tmp_path / "again"
    assert command("reproduce", manifest(work, "ingest"), "-w", again, "-q") == 1
    assert "documents were erased from the original WORK" in capsys.readouterr().out
    assert "mains-valve" not in (again / "documents.jsonl").read_text()


def test_what_an_llm_was_paid_for_is_not_paid_again(ran, base, tmp_path):
    work = tmp_path / "asked"
    shutil.copytree(ran, work)
    chat = ChatServer(lambda number, request: about(request))
    try:
        settings = options(base, f"generate.base_url={chat.url}", "generate.model=m")
        assert command("generate", "-w", work, *settings, "-q") == 0
        assert len(chat.requests) > 10
    finally:
        chat.stop()
    again = tmp_path / "again"
    found = reproduce(manifest(work, "generate"), again, Listening())
    assert found.agrees and found.calls == 0, "the endpoint is gone, the answers are not"
    (work / "cache" / "llm.sqlite").unlink()
    with pytest.raises(AuditError, match=r"not in the cache .* --pay"):
        reproduce(manifest(work, "generate"), tmp_path / "third", Listening())


def test_folders_that_would_mix_two_results_are_refused(ran, tmp_path):
    path = manifest(ran, "ingest")
    with pytest.raises(UsageError, match="is the WORK that the manifest is of"):
        reproduce(path, ran, Listening())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        reproduce(path, tmp_path / "full", Listening())
    write_json(tmp_path / "other" / "reproduces.json", {"manifest": "x", "sha256": "y"})
    with pytest.raises(UsageError, match="reproduces another manifest"):
        reproduce(path, tmp_path / "other", Listening())
    alone = tmp_path / "alone" / path.name
    alone.parent.mkdir()
    shutil.copy(path, alone)
    with pytest.raises(UsageError, match="lies in no WORK/manifests: say with -w"):
        reproduce(alone, None, Listening())
    write_json(alone, {**json.loads(path.read_text()), "source": str(tmp_path / "gone")})
    with pytest.raises(AuditError, match="are not there: say where they lie now with --docs"):
        reproduce(alone, tmp_path / "new", Listening())
    assert not (tmp_path / "new").exists()


def test_other_code_packages_and_hardware_are_named(ran):
    found = read(manifest(ran, "train"))
    assert surroundings([found, found]) == []
    other = msgspec.structs.replace(
        found,
        idiolect="0.0.1",
        python="3.9.1",
        lock=msgspec.structs.replace(
            found.lock, digest="0", packages={**found.lock.packages, "numpy": "1.0"}
        ),
        hardware=msgspec.structs.replace(found.hardware, cpu="An Abacus", threads=77),
    )
    said = "\n".join(surroundings([other, other]))
    assert re.search(r"^code: idiolect 0\.0\.1 .* then, idiolect .* now$", said, re.MULTILINE)
    assert re.search(r"^packages: numpy 1\.0 → \d\S+ differ from then$", said, re.MULTILINE)
    assert "system: Python 3.9.1 on" in said
    assert "hardware: processor An Abacus then" in said and "OMP_NUM_THREADS 77 then" in said
    assert said.count("\n") == 4, "each once"


def test_figures_are_held_against_a_tolerance():
    then = {"verdict": "promote", "runs": {"a": 0.5, "b": 0.7}, "ci95": [0.1, 0.2], "flag": True}
    assert gaps("evaluate", then, then, 0.005) == []
    now = {"verdict": "promote", "runs": {"a": 0.504, "b": 0.71}, "ci95": [0.1, 0.2], "flag": True}
    found = {gap.figure: gap.beyond for gap in gaps("evaluate", then, now, 0.005)}
    assert found == {"runs.a": False, "runs.b": True}
    worse = {"verdict": "keep-base", "runs": {"a": 0.5}, "ci95": [0.1, 0.2], "flag": 1.001}
    assert {gap.figure for gap in gaps("evaluate", then, worse, 0.005) if gap.beyond} == {
        "verdict",
        "runs.b",
        "flag",
    }


def test_an_output_of_other_bytes_agrees_only_by_figures_that_a_model_computed(tmp_path):
    first, second = Workspace(tmp_path / "first"), Workspace(tmp_path / "second")
    for work, share in ((first, 0.25), (second, 0.26)):
        write_json(work.selection, share)
        write_json(work.splits, share)
        speed = {"query_ms": share}
        write_json(work.report, {"verdict": "promote", "against": [{"name": "x", "speed": speed}]})

    def state(name, close):
        return output("train", name, digest_path(getattr(first, name)), first, second, close).state

    assert (state("selection", True), state("selection", False)) == ("close", "other")
    assert state("splits", True) == "other"
    assert state("report", False) == "equal", "only the measured speed differs"
    assert output("train", "selection", "", first, second, True).how == "not there then"
    assert output("train", "mining", "abc", first, second, True).how == "gone now"
