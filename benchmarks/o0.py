"""O0: the noisy sine, with the original settings and with echoic's defaults, and its continuation over 10,000 steps."""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import echoic
from common import arguments, parse, publish, spread, table

ORIGINAL: dict[str, Any] = {
    "cell": "lstm", "layers": [16, 16], "lookback": 100, "strategy": "recursive", "loss_at": "last", "batch_size": 128,
    "optimizer": "adam", "lr": 5e-5, "lr_schedule": "constant", "warmup_fraction": 0.0, "epochs": 10, "patience": 10,
    "scale": "none", "ema_decay": 0.0, "max_dev_windows": 10_000,
}  # fmt: skip
DEFAULTS: dict[str, Any] = {"cell": "lstm", "layers": [16, 16], "strategy": "recursive", "epochs": 3}
STEPS_PER_PERIOD = 100


def phase_and_amplitude(signal: np.ndarray, first_step: int) -> tuple[float, float]:
    """Phase (in periods) and amplitude of the 1 Hz component of `signal`, which starts at step `first_step`."""
    t = (first_step + np.arange(len(signal))) / STEPS_PER_PERIOD
    design = np.stack([np.sin(2 * np.pi * t), np.cos(2 * np.pi * t)], 1)
    (in_phase, quadrature), *_ = np.linalg.lstsq(design, signal, rcond=None)
    return float(np.arctan2(quadrature, in_phase) / (2 * np.pi)), float(np.hypot(in_phase, quadrature))


def dev_noise(run: echoic.Run) -> float:
    """Variance of the noise in the dev split: the lowest squared error that a forecast can have."""
    dev = run.fitted.task.splits["dev"]
    steps = np.arange(int(dev.begin[0]), int(dev.end[0]))
    values = run.fitted.task.panel.values[steps, 0].numpy()
    return float(np.var(values - np.sin(2 * np.pi * steps / STEPS_PER_PERIOD)))


def continuation_errors(run: echoic.Run, length: int, signal_steps: int) -> tuple[float, float]:
    """Errors of phase (in periods) and amplitude (true value 1) over the last two periods of a continuation."""
    (continuation,) = run.generate(length)
    tail = continuation.values[-2 * STEPS_PER_PERIOD :, 0].astype(np.float64)
    phase, amplitude = phase_and_amplitude(tail, signal_steps + length - len(tail))
    return abs(phase), abs(amplitude - 1)


def main() -> None:
    """Trains with both settings, continues the signal, and prints the tables."""
    options = parse(arguments(__doc__ or "", seeds=10))
    steps = 1001 if options.smoke else 50_001
    rows = []
    continuations: dict[int, list[tuple[float, float]]] = {1_000: [], 10_000: []}
    for name, settings in (("original settings, 10 epochs", ORIGINAL), ("echoic's defaults, 3 epochs", DEFAULTS)):
        scores, seconds, floors, linear = [], [], [], []
        for seed in range(options.seeds if settings is DEFAULTS else min(options.seeds, 3)):
            with tempfile.TemporaryDirectory() as folder:
                started_at = time.monotonic()
                run = echoic.train(
                    "forecast", f"synth:sine,steps={steps},seed={seed}", out=Path(folder) / "run", seed=seed,
                    threads=options.threads, **settings | options.overrides,
                )  # fmt: skip
                seconds.append(time.monotonic() - started_at)
                evaluation = run.evaluate(split="dev")
                scores.append(evaluation.scores["mse"])
                linear.append(evaluation.baselines["linear"]["mse"])
                floors.append(dev_noise(run))
                if settings is DEFAULTS:
                    for length, errors in continuations.items():
                        errors.append(continuation_errors(run, length, steps))
        columns = [spread(values, 6) for values in (scores, floors, linear)]
        rows.append([name, len(scores), *columns, spread(seconds, 1)])
    headers = ["training", "seeds", "dev MSE, one step ahead", "variance of the noise in dev", "linear map", "seconds"]
    body = (
        table(headers, rows)
        + "\n\nEach seed has its own signal. No forecast can have an error below the noise in the dev split."
    )
    continuation_rows = []
    for length, errors in continuations.items():
        accurate = sum(phase < 0.05 and amplitude < 0.05 for phase, amplitude in errors)
        phases, amplitudes = zip(*errors, strict=True)
        worst = f"{max(phases):.4f}", f"{max(amplitudes):.4f}"
        continuation_rows.append([length, f"{accurate} of {len(errors)}", spread(phases), spread(amplitudes), *worst])
    headers = [
        "steps",
        "both errors below 5 %",
        "phase error (periods)",
        "amplitude error",
        "worst phase",
        "worst amplitude",
    ]
    body += "\n\nContinuation after priming, echoic's defaults:\n\n" + table(headers, continuation_rows)
    publish("o0", "O0: the noisy sine", body, write=options.write)


if __name__ == "__main__":
    main()
