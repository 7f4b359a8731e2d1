"""Indexes: where the passages of a corpus are found again."""
