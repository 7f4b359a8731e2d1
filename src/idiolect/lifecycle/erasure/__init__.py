"""What an erasure leaves behind: documents that must not come back, and what they had shaped."""
