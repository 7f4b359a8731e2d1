"""What people did with what a search showed them: kept with their consent, cleaned, and learnt from with care."""
