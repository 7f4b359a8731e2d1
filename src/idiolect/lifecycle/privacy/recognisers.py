"""Presidio's recognisers one by one, without its engine.

`import presidio_analyzer` loads every natural language engine it can drive: spaCy, torch and transformers, 5 s and
some hundred MB, of which a pattern needs nothing.  So its modules are imported from a package that runs no
`__init__`; should a release be laid out otherwise, the whole of it is loaded.
"""

import importlib
import importlib.util
import sys
import threading
from functools import cache
from types import ModuleType
from typing import Any

from idiolect.errors import MissingExtra

_PACKAGE = "presidio_analyzer"
_PREDEFINED = f"{_PACKAGE}.predefined_recognizers"
_BASES = {
    "analysis_explanation": "AnalysisExplanation",
    "recognizer_result": "RecognizerResult",
    "entity_recognizer": "EntityRecognizer",
    "local_recognizer": "LocalRecognizer",
    "pattern": "Pattern",
    "pattern_recognizer": "PatternRecognizer",
}
"""Modules in the order in which they need one another, and what each gives to the package."""

_loading = threading.Lock()


def check_installed() -> None:
    """Raise MissingExtra, which also names the setting that does without, where Presidio is not installed."""
    if importlib.util.find_spec(_PACKAGE) is None:
        raise MissingExtra(
            "presidio-analyzer",
            "privacy",
            "or leave personal data and secrets in the documents with --set privacy.scan=false",
        )


@cache
def recogniser(module: str, name: str, language: str = "en") -> Any:
    """An instance of the class `name` in Presidio's `predefined_recognizers.<module>`."""
    return getattr(_module(module), name)(supported_language=language)


@cache
def iban_formats() -> dict[str, str]:
    """Country → the regular expression of its IBANs."""
    formats: dict[str, str] = _module("generic.iban_patterns").regex_per_country
    return formats


def _module(name: str) -> ModuleType:
    check_installed()
    with _loading:
        whole = sys.modules.get(_PACKAGE)
        if whole is not None and not hasattr(whole, "idiolect"):
            return importlib.import_module(f"{_PREDEFINED}.{name}")
        try:
            return _alone(name)
        except (ImportError, AttributeError):
            return importlib.import_module(f"{_PREDEFINED}.{name}")
        finally:
            _hide()


_hidden: dict[str, ModuleType] = {}


def _alone(name: str) -> ModuleType:
    """The module, with nothing but what recognisers build on."""
    sys.modules.update(_hidden)
    package = _bare(_PACKAGE)
    for module, given in _BASES.items():
        setattr(package, given, getattr(importlib.import_module(f"{_PACKAGE}.{module}"), given))
    _bare(f"{_PACKAGE}.nlp_engine").NlpArtifacts = object  # type: ignore[attr-defined]
    folders = _PREDEFINED
    _bare(folders)
    for folder in name.split(".")[:-1]:
        folders = f"{folders}.{folder}"
        _bare(folders)
    return importlib.import_module(f"{_PREDEFINED}.{name}")


def _bare(name: str) -> ModuleType:
    """The package `name`, whose `__init__` is not run."""
    if name not in sys.modules:
        module = ModuleType(name)
        if name == _PACKAGE:
            spec = importlib.util.find_spec(name)
            folders = list(spec.submodule_search_locations or ()) if spec else []
        else:
            parent, _, own = name.rpartition(".")
            folders = [f"{folder}/{own}" for folder in sys.modules[parent].__path__]
        module.__path__ = folders
        module.idiolect = True  # type: ignore[attr-defined]
        sys.modules[name] = module
    return sys.modules[name]


def _hide() -> None:
    """Take the bare packages out again: whoever else imports Presidio gets the whole of it."""
    if hasattr(sys.modules.get(_PACKAGE), "idiolect"):
        for name in [one for one in sys.modules if one.partition(".")[0] == _PACKAGE]:
            _hidden[name] = sys.modules.pop(name)
