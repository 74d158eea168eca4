"""The forecasting library: resolving settings, framing windows, forecasts of many windows, continuation, scores."""
