"""The registry: each published bundle a version by its own digest, in MLflow; who is champion, and how it came to be.

MLflow is imported in `backend.py` alone, and only when a registry is opened.
"""

from idiolect.lifecycle.registry.fetching import located
from idiolect.lifecycle.registry.references import FOLLOWED_SECONDS, follows, is_reference, registry_uri
from idiolect.lifecycle.registry.versions import Promotion, Version

__all__ = ["FOLLOWED_SECONDS", "Promotion", "Version", "follows", "is_reference", "located", "registry_uri"]
