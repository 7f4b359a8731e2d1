"""The stages: each a pure core with a thin `run` round it that reads WORK, maps records, and writes WORK."""
