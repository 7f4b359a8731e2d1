"""Taking a document out of everything that was made from it."""
