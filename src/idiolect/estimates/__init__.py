"""Estimates: what stages would cost in time, memory, disk and money, from a sample and without writing anything."""
