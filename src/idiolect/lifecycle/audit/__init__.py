"""What every run leaves behind: its manifest, and the hash-chained log that proves manifests unchanged."""
