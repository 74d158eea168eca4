"""Run a network live, one step at a time: save its state to disk, restore it elsewhere, go on, and lose nothing.

The model keeps no state of its own. It goes in and comes out of every call, and packs into one row of numbers.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import echoic

STATE = Path("state.safetensors")


def main() -> None:
    """Trains on a sine, then shows that stopping and going on equals one pass."""
    wave = np.sin(np.arange(600, dtype=np.float32) / 8)
    run = echoic.train("forecast", wave, strategy="recursive", lookback=50, layers=[16], scale="none", epochs=40)
    live = torch.from_numpy(wave)[None, :, None]  # (batch, steps, features)

    # Today: feed what is known, and write the state down.
    model = run.model
    with torch.no_grad():
        _, state = model(live[:, :300])
    save_file({"state": model.pack(state)}, STATE)
    print(f"state of {model.state_size} numbers saved to {STATE}")

    # Tomorrow, perhaps in another process: the run from its folder, the state from its file.
    model = echoic.load(run.path, data=wave).model
    state = model.unpack(load_file(STATE)["state"])
    forecasts = []
    with torch.no_grad():
        for step in range(300, 600):
            params, state = model.step(live[:, step], state)
            forecasts.append(model.head.mean(params).item())

        # The same without the night in between.
        params, _ = model(live)
        in_one_pass = model.head.mean(params)[0, 300:, 0].numpy()

    difference = float(np.abs(np.array(forecasts) - in_one_pass).max())
    error = float(np.abs(np.array(forecasts[:-1]) - wave[301:]).mean())
    print(f"step by step and in one pass differ by {difference:.1e} at most; mean error {error:.3f}")
    if difference > 1e-5:
        raise SystemExit("They should be the same.")


if __name__ == "__main__":
    main()
