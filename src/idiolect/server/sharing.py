"""Which bundles run on one graph: those adapted from one root, where several of them are served."""

from collections.abc import Iterable

from idiolect.bundle import Bundle

SHARED = "openvino-adapter"


def runtime_for(bundle: Bundle, together: Iterable[Bundle], asked: str) -> str:
    """As was asked; where that is "auto", the shared graph if another bundle of `together` has the same one."""
    own = bundle.manifest.adaptable
    if asked != "auto" or own is None:
        return asked
    others = (other.manifest.adaptable for other in together if other.path != bundle.path)
    return SHARED if any(other is not None and other.graph == own.graph for other in others) else asked
