"""Vector stores: one file each, behind `index.store.Store`."""
