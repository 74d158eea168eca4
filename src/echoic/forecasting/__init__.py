"""Forecasting: automatic settings, encoding of windows, batched forecasts, continuation, scores."""
