"""Scores: of forecasts, of foretold notes, and of what was copied."""
