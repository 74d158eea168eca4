"""Learn a noisy signal and let the network continue it by itself: the mean path, and some that it thinks possible."""

import numpy as np

import echoic

STEPS = 300


def main() -> None:
    """Trains on a noisy sine of 100 samples a period, and measures the period and height of what the network makes."""
    run = echoic.train(
        "forecast", "synth:sine,steps=4000,noise=0.1", strategy="recursive", lookback=100, layers=[16], head="gaussian",
        epochs=6,
    )  # fmt: skip

    [mean] = run.generate(STEPS, prime=500)
    values = mean.values[:, 0]
    crossings = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
    print(f"{STEPS} steps, from {values.min():.2f} to {values.max():.2f}")
    print(f"period: {np.diff(crossings).mean():.1f} steps (the signal's is 100)")

    paths = np.stack([run.generate(STEPS, prime=500, temperature=1.0, seed=seed)[0].values[:, 0] for seed in range(5)])
    for step in (1, 10, 100, STEPS):
        print(f"after {step:3} steps: mean path {values[step - 1]:6.2f}, five draws", np.round(paths[:, step - 1], 2))


if __name__ == "__main__":
    main()
