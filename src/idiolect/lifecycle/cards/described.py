"""What is known of a bundle, as one record: its model card and its bill of materials say nothing else."""

from collections.abc import Mapping
from typing import Any

from idiolect.bundle import Manifest
from idiolect.evaluation.report import DatasetReport, Report
from idiolect.records import Record, Selection


class Origin(Record, frozen=True, kw_only=True):
    """The base model.  `licence` is an SPDX expression, or what its own card calls it; "" where neither says.

    `hub` is its id on the Hugging Face Hub, "" where it is none; `endpoint` its address, credentials left out,
    where it is not in the bundle and runs elsewhere.
    """

    name: str
    digest: str
    licence: str = ""
    hub: str = ""
    endpoint: str = ""


class Corpus(Record, frozen=True, kw_only=True):
    """The documents: each count is of documents, but `masked`, which counts values of each kind.

    `digest` is the SHA-256 of documents.jsonl; `set_aside` were not read; `verdicts` say what documents are not for;
    `redistribution` is a sentence on handing on what they trained, "" where all licences allow it.
    """

    documents: int
    digest: str
    languages: dict[str, int]
    licences: dict[str, int]
    verdicts: dict[str, int]
    masked: dict[str, int]
    chunks: int | None = None
    set_aside: int | None = None
    privacy: dict[str, Any] = {}
    redistribution: str = ""


class Written(Record, frozen=True, kw_only=True):
    """The queries: how many by teacher and by style, what was rejected, and what each split got.

    `digest` is the SHA-256 of queries.jsonl.
    """

    queries: int
    digest: str
    teachers: dict[str, int]
    styles: dict[str, int]
    rejected: int | None = None
    splits: dict[str, int] = {}


class Bill(Record, frozen=True):
    """What calls for one purpose took: `price` is None where none is known."""

    purpose: str = ""
    model: str = ""
    llm_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    price: float | None = None
    currency: str = ""


class Llm(Record, frozen=True, kw_only=True):
    """The LLM that was asked for queries; the counts are of generate's run, `bills` of all stages'.

    `prompts` are digests of what it was told.
    """

    model: str
    endpoint: str = ""
    judge: str = ""
    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompts: dict[str, str] = {}
    bills: list[Bill] = []


class StageRun(Record, frozen=True, kw_only=True):
    """What a stage's manifest says; `file` is its name, `sha256` its digest, `facts` all of it."""

    file: str
    sha256: str
    facts: dict[str, Any]

    @property
    def stage(self) -> str:
        return str(self.facts["stage"])

    @property
    def started(self) -> str:
        return str(self.facts["started"])

    @property
    def summary(self) -> Mapping[str, Any]:
        return self.section("summary")

    def section(self, name: str) -> Mapping[str, Any]:
        """A part of the manifest that is a table; empty where it has none."""
        found = self.facts.get(name)
        return found if isinstance(found, dict) else {}


class Described(Record, frozen=True, kw_only=True):
    """A bundle before its files are listed, and the run that it came from.

    What WORK does not hold is None or empty, and left out.  `architecture` is the class of the weights, as
    transformers names it; `runs` are those of the stages behind the report, in their order; `audit` is the entry
    "SEQ:HASH" of the audit log that names the last of them; `remarks` say what was left out because it has changed.
    """

    manifest: Manifest
    base: Origin
    architecture: str = ""
    report: Report | None = None
    selection: Selection | None = None
    corpus: Corpus | None = None
    written: Written | None = None
    llm: Llm | None = None
    runs: list[StageRun] = []
    audit: str = ""
    test_digest: str = ""
    remarks: list[str] = []

    @property
    def tuned(self) -> bool:
        return self.manifest.weights == "tuned"

    @property
    def shipped(self) -> tuple[str, str]:
        """The runs, dense and hybrid, that are this bundle's."""
        return f"dense-{self.manifest.weights}", f"hybrid-{self.manifest.weights}"

    @property
    def datasets(self) -> dict[str, DatasetReport]:
        return self.report.datasets if self.report else {}

    @property
    def created(self) -> str:
        """When what is reported was measured, in ISO 8601; "" where no manifest says."""
        return self.runs[-1].started if self.runs else ""

    def run_of(self, stage: str) -> StageRun | None:
        return next((run for run in self.runs if run.stage == stage), None)

    def section_of(self, stage: str, name: str) -> Mapping[str, Any]:
        """A part of a stage's manifest; empty where there is neither."""
        run = self.run_of(stage)
        return run.section(name) if run else {}
