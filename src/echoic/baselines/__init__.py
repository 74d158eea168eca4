"""The naive ways that every score stands beside: of forecasts, of symbols, of chords."""
