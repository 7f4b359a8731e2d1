"""One file a detector: what two samples differ by, for the labels as they were and for every relabelling at once.

Each is a pure function of values [n, …] and `Labels` [n, 1 + B] that gives a statistic [1 + B]; large means moved.
"""
