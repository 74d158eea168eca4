"""Simple baselines for each kind of data, reported next to every score."""
