"""Who a bundle is from: a detached signature of OpenSSF Model Signing in it, by an elliptic-curve key.

Nothing here asks the network. The signature covers every file but those of `layout.ADDED`.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idiolect.bundle import Bundle
from idiolect.errors import BundleError, MissingExtra, UsageError
from idiolect.files import replacing
from idiolect.runtimes.layout import ADDED, SIGNATURE


def sign(bundle: Bundle, private_key: Path) -> Path:
    """Sign a whole bundle with a PEM key; a signature that it has is replaced. Returns the signature's path.

    Raises BundleError where the bundle is not whole, UsageError for a key that cannot be used, MissingExtra
    without model-signing.
    """
    bundle.verify()
    folder = bundle.path.resolve()
    config = _imported("signing").Config()
    hashing = _imported("hashing").Config().set_ignored_paths(paths=ADDED, ignore_git_paths=False)
    _with_key(config.use_elliptic_key_signer, private_key=private_key)
    with replacing(folder / SIGNATURE) as draft:
        config.set_hashing_config(hashing).sign(folder, draft)
    return bundle.path / SIGNATURE


def verify_signature(bundle: Bundle, public_key: Path) -> None:
    """Raise BundleError unless the bundle, which `verify` found whole, is signed with that key's private half.

    Raises UsageError for a key that cannot be used, MissingExtra without model-signing.
    """
    folder = bundle.path.resolve()
    config = _imported("verifying").Config()
    _with_key(config.use_elliptic_key_verifier, public_key=public_key)
    if not (folder / SIGNATURE).is_file():
        raise BundleError(
            f"bundle {bundle.path} is not signed: {SIGNATURE} is missing; `idiolect bundle sign` writes it"
        )
    try:
        config.verify(folder, folder / SIGNATURE)
    except Exception:  # what a damaged signature raises shares no base class
        raise BundleError(
            f"bundle {bundle.path}: {SIGNATURE} does not hold with {public_key}: another key signed it, or it was "
            "altered since; get it again from whoever signed it"
        ) from None


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(f"model_signing.{name}")
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "model-signing", "signing") from None


def _with_key(use: Callable[..., Any], **key: Path) -> None:
    ((kind, path),) = key.items()
    try:
        use(**key)
    except (OSError, ValueError, TypeError, AttributeError):
        raise UsageError(
            f"{path} is no {kind.replace('_', ' ')} that can be used: give an elliptic-curve one (P-256, P-384 or "
            "P-521) in PEM, not encrypted"
        ) from None
