"""Streams a series through a network, saves the state to disk and continues from it, with the same result.

The network keeps no state of its own: the state goes in and comes out of every call, as one row of numbers.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import echoic

STATE = Path("state.safetensors")


def main() -> None:
    """Trains on a sine, then shows that an interrupted stream equals one pass."""
    wave = np.sin(np.arange(600, dtype=np.float32) / 8)
    run = echoic.train("forecast", wave, strategy="recursive", lookback=50, layers=[16], scale="none", epochs=40)
    inputs = torch.from_numpy(wave)[None, :, None]  # (rows, steps, features)

    # Today: process the first half, and save the state.
    stream = run.stream()
    _, state = stream.push(inputs[:, :300], stream.start())
    save_file({"state": state}, STATE)
    print(f"state of {state.numel()} numbers saved to {STATE}")

    # Tomorrow, perhaps in another process: the run from its folder, the state from its file.
    run = echoic.load(run.path, data=wave)
    stream, head = run.stream(), run.model.head
    state = load_file(STATE)["state"]
    forecasts = []
    for step in range(300, 600):
        params, state = stream.push(inputs[:, step : step + 1], state)
        forecasts.append(head.mean(params).item())

    # The same without the interruption.
    params, _ = stream.push(inputs, stream.start())
    in_one_pass = head.mean(params)[0, 300:, 0].numpy()

    difference = float(np.abs(np.array(forecasts) - in_one_pass).max())
    error = float(np.abs(np.array(forecasts[:-1]) - wave[301:]).mean())
    print(f"largest difference from one pass: {difference:.1e}; mean absolute error: {error:.3f}")
    if difference > 1e-5:
        raise SystemExit("The interrupted stream differs from one pass.")


if __name__ == "__main__":
    main()
