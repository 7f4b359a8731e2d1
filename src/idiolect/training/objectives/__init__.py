"""What is trained for: one objective a file, behind one interface, combined by weights."""
