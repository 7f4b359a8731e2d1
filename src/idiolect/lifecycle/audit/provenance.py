"""What a result came from besides settings and inputs: the code, the installed packages, the machine, the models."""

import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import idiolect
from idiolect.config import Config, is_endpoint
from idiolect.files import digest_path, digest_value
from idiolect.lifecycle.licences.base import base_licence
from idiolect.records import Record
from idiolect.runtimes.hardware import available_cpus
from idiolect.runtimes.starting import starting_model
from idiolect.teachers.endpoint import Endpoint, of_judge, of_teacher
from idiolect.workspace import Workspace

PACKAGE = Path(idiolect.__file__).parent

_SECONDS = 10.0  # that git may take: a manifest does without rather than wait
_CPUINFO = Path("/proc/cpuinfo")


class Code(Record, frozen=True, kw_only=True):
    """`digest` covers the package's own files; `commit` is empty where they lie in no git checkout."""

    digest: str
    commit: str = ""
    dirty: bool = False


class Lock(Record, frozen=True, kw_only=True):
    """`digest`: SHA-256 of the sorted `name==version` lines of all installed distributions but idiolect.

    `packages`: versions of those that idiolect itself asks for.
    """

    digest: str
    packages: dict[str, str]


class Hardware(Record, frozen=True, kw_only=True):
    """`cores` are those this process may use; `threads` is OMP_NUM_THREADS, 0 where libraries choose."""

    cpu: str
    cores: int
    memory_mb: int
    threads: int = 0
    gpus: list[str] = []


class BaseModel(Record, frozen=True, kw_only=True):
    """`licence` is an SPDX identifier where the model's own files say one, else empty."""

    name: str
    digest: str
    licence: str = ""


class AskedModel(Record, frozen=True, kw_only=True):
    """An LLM, as the endpoint at `host` knows it."""

    host: str
    model: str


class Asked(Record, frozen=True, kw_only=True):
    """Which LLMs wrote and judged, and the digests of what they were told: styles, judging instructions, exemplars."""

    teacher: AskedModel
    judge: AskedModel | None = None
    prompts: dict[str, str] = {}


@functools.cache
def code() -> Code:
    files = sorted(path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    digest = digest_value({path.relative_to(PACKAGE).as_posix(): digest_path(path) for path in files})
    # a virtual environment may lie inside somebody else's checkout: only one that knows this file is ours
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return Code(digest=digest)
    changes = _git("status", "--porcelain", "--", ".")
    return Code(digest=digest, commit=_git("rev-parse", "HEAD") or "", dirty=bool(changes))


def _git(*arguments: str) -> str | None:
    """What git says in the package's folder; None where there is no git, no checkout, or no answer."""
    try:
        done = subprocess.run(
            ["git", "-C", str(PACKAGE), "--no-optional-locks", *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@functools.cache
def lock() -> Lock:
    """Of the environment as this process found it."""
    installed = {
        _normal(name): one.version
        for one in importlib.metadata.distributions()
        if (name := one.metadata["Name"])
    }
    installed.pop("idiolect", None)
    lines = "".join(f"{name}=={version}\n" for name, version in sorted(installed.items()))
    try:
        wanted = importlib.metadata.requires("idiolect") or []
    except importlib.metadata.PackageNotFoundError:  # run from its sources
        wanted = []
    asked = {_normal(found[0]) for one in wanted if (found := re.match(r"[\w.-]+", one))}
    return Lock(
        digest=hashlib.sha256(lines.encode()).hexdigest(),
        packages={name: installed[name] for name in sorted(asked) if name in installed},
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def hardware() -> Hardware:
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return Hardware(
        cpu=_cpu(),
        cores=available_cpus(),
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        threads=int(threads) if threads.isdigit() else 0,
        gpus=_gpus(),
    )


@functools.cache
def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", _CPUINFO.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _gpus() -> list[str]:
    """The names of the GPUs that torch sees, where a stage has imported it: seconds are not spent on it here."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


@functools.lru_cache(maxsize=8)
def base_model(base: str, digest: str) -> BaseModel:
    """The base that a config names, whose digest is known. Raises as `resolve`."""
    if is_endpoint(base):
        return BaseModel(name=base, digest=digest)
    files = starting_model(base)
    return BaseModel(name=files.name, digest=digest, licence=base_licence(files.path))


def asked(work: Workspace, config: Config, stage: str) -> Asked | None:
    """Which LLMs a stage asks, and with what; None where it asks none."""
    settings = config.generate
    if stage == "train" and config.train.teacher == "llm":
        return Asked(teacher=_model(of_judge(settings)), prompts=_digests({"judging": _packaged("judging")}))
    if stage != "generate" or settings.teacher != "llm":
        return None
    told = {
        "styles": _packaged("styles"),
        "judging": _packaged("judging"),
        "styles of WORK": work.styles,
        "exemplars": Path(settings.exemplars) if settings.exemplars else None,
    }
    judged = settings.judge or settings.written_negatives > 0
    return Asked(
        teacher=_model(of_teacher(settings)),
        judge=_model(of_judge(settings)) if judged else None,
        prompts=_digests(told),
    )


def _packaged(name: str) -> Path:
    return PACKAGE / "teachers" / name


def _digests(paths: dict[str, Path | None]) -> dict[str, str]:
    return {name: digest_path(path) for name, path in paths.items() if path and path.exists()}


def _model(endpoint: Endpoint) -> AskedModel:
    return AskedModel(host=urlsplit(endpoint.base_url).netloc.rpartition("@")[2], model=endpoint.model)
