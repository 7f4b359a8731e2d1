"""Who writes queries for chunks: one file a teacher, all behind `base.Teacher`."""
