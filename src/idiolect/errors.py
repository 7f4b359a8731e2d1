"""Everything idiolect raises on purpose.

IdiolectError                 the run failed (exit code 1)
├── UsageError                wrong usage: arguments, options (exit code 2)
│   └── ConfigError           a key or value in idiolect.toml or --set
├── InputError                documents, labels or a BEIR folder that cannot be used
├── WorkspaceError            WORK lacks a file, or another run holds it
├── ModelError                a base model or model directory that cannot be loaded
├── BundleError               an exported bundle that is incomplete or altered
├── StoreError                a vector store that cannot be reached, or was made with another model
├── AuditError                a manifest, audit log or lineage that is missing, altered or cannot be reproduced
├── PrivacyError              personal data that could not be looked for, or that an erasure left behind
├── RegistryError             a registry that cannot be reached, or a promotion that it refuses
├── FeedbackError             events that cannot be read, or from which nothing may be learnt
├── DriftError                samples that are too small, or not there, to tell whether anything moved
├── MemoryShortage            more memory would be needed than this machine has free
├── TeacherError              the LLM endpoint refused, or answered nothing usable
└── MissingExtra              a part that needs `pip install 'idiolect[...]'`

Each message is one line that says what was wrong, with the value, and what to do.
"""


class IdiolectError(Exception):
    exit_code = 1


class UsageError(IdiolectError):
    exit_code = 2


class ConfigError(UsageError):
    pass


class InputError(IdiolectError):
    pass


class WorkspaceError(IdiolectError):
    pass


class ModelError(IdiolectError):
    pass


class BundleError(IdiolectError):
    pass


class StoreError(IdiolectError):
    pass


class AuditError(IdiolectError):
    pass


class PrivacyError(IdiolectError):
    pass


class RegistryError(IdiolectError):
    pass


class FeedbackError(IdiolectError):
    pass


class DriftError(IdiolectError):
    pass


class MemoryShortage(IdiolectError):  # noqa: N818
    pass


class TeacherError(IdiolectError):
    pass


class MissingExtra(IdiolectError):  # noqa: N818
    def __init__(self, package: str, extra: str, otherwise: str = "") -> None:
        """`otherwise` says what to do instead of installing it, where something can be done."""
        cure = f"pip install 'idiolect[{extra}]'" + (f", {otherwise}" if otherwise else "")
        super().__init__(f"this needs the package {package!r}: {cure}")
