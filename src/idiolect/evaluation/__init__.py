"""Evaluation: test sets, metrics, paired comparisons, the verdict, and the report that shows them."""
