"""The naive ways that every score stands beside, for each kind of data."""
