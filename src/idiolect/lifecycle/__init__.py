"""What keeps a model accountable: its documents' privacy and licences, its lineage, its audit log, its registry."""
