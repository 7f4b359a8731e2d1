"""Drift: what people ask and what documents say, read and held against what the model was trained for."""
