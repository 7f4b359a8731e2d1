"""Assessment: what the documents are like, how well the base finds its way in them, and whether tuning pays."""
