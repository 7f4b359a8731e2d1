"""Running a manifest again, and telling what came out otherwise."""

from idiolect.reproducing.reproduction import Reproduction, reproduce

__all__ = ["Reproduction", "reproduce"]
