"""Lineage: a graph in WORK/lineage.db of what shaped what, from each version of a document to models and indexes."""
