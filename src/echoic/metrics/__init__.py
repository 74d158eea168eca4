"""Scores: of forecasts, of notes, classes, labels and events foretold, of what was copied, and of drift."""
