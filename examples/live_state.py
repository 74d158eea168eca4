"""Forecasts a series as it grows, saves the state to disk and continues from it, with the same result.

The stream keeps nothing of its own: the state goes in and comes out of every call.
"""

from pathlib import Path

import numpy as np

import echoic

STATE = Path("state.safetensors")


def main() -> None:
    """Trains on a sine, then shows that an interrupted stream equals one that is not."""
    wave = np.sin(np.arange(600) / 8)
    run = echoic.train("forecast", wave, lookback=50, horizon=3, layers=[16], epochs=40)

    # Today: process the first half, and save the state.
    stream = run.stream()
    _, state = stream.push(wave[:300], stream.start())
    STATE.write_bytes(stream.to_bytes(state))
    print(f"state of {STATE.stat().st_size} bytes saved to {STATE}")

    # Tomorrow, perhaps in another process: the run from its folder, the state from its file.
    stream = echoic.load(run.path, data=wave).stream()
    state = stream.from_bytes(STATE.read_bytes())
    errors = []
    for step in range(300, 330):
        forecast, state = stream.push(wave[step : step + 1], state)
        errors.append(abs(forecast.mean[0, 0] - wave[step + 1]))

    # The same without the interruption.
    straight, _ = stream.push(wave[:330], stream.start())

    difference = float(np.abs(straight.mean - forecast.mean).max())
    print(f"largest difference from one pass: {difference:.1e}; mean absolute error: {np.mean(errors):.3f}")
    if difference > 1e-5:
        raise SystemExit("The interrupted stream differs from one pass.")


if __name__ == "__main__":
    main()
