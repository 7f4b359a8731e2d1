"""One file a detector: two samples in, a statistic with its p-value or threshold out."""
