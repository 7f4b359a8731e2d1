"""Running a manifest again, and telling what came out otherwise."""
