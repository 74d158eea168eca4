"""Scores of forecasts, notes, classes, labels and events, and of memorization."""
