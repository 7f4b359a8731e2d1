"""idiolect: a folder of documents in, an embedding model that speaks their language out."""

__version__ = "0.1.0"
