"""O0: learn the noisy sine as the origin did and with echoic's defaults, and continue it for long."""

import tempfile
import time
from pathlib import Path

import numpy as np

import echoic
from common import arguments, publish, spread, table

ORIGIN = {
    "cell": "lstm", "layers": [16, 16], "lookback": 100, "strategy": "recursive", "loss_at": "last", "batch_size": 128,
    "optimizer": "adam", "lr": 5e-5, "lr_schedule": "constant", "warmup_fraction": 0.0, "epochs": 10, "patience": 10,
    "scale": "none", "ema_decay": 0.0, "max_dev_windows": 10_000,
}  # fmt: skip
DEFAULTS = {"cell": "lstm", "layers": [16, 16], "strategy": "recursive", "epochs": 3}
SAMPLES_A_PERIOD = 100
PRIME_END = 50_001


def phase_and_amplitude(signal: np.ndarray, first_step: int) -> tuple[float, float]:
    """Phase (in periods) and amplitude of the 1 Hz part of `signal`, whose first sample is step `first_step`."""
    t = (first_step + np.arange(len(signal))) / SAMPLES_A_PERIOD
    design = np.stack([np.sin(2 * np.pi * t), np.cos(2 * np.pi * t)], 1)
    (in_phase, quadrature), *_ = np.linalg.lstsq(design, signal, rcond=None)
    return float(np.arctan2(quadrature, in_phase) / (2 * np.pi)), float(np.hypot(in_phase, quadrature))


def dev_noise(run: echoic.Run) -> float:
    """The variance of the noise in the dev part: the best squared error that any forecast can have on it."""
    dev = run.fitted.task.splits["dev"]
    steps = np.arange(int(dev.begin[0]), int(dev.end[0]))
    values = run.fitted.task.panel.values[steps, 0].numpy()
    return float(np.var(values - np.sin(2 * np.pi * steps / SAMPLES_A_PERIOD)))


def continuation_errors(run: echoic.Run, length: int) -> tuple[float, float]:
    """Phase error (share of a period) and amplitude error (share of 1) over the last two periods."""
    (made,) = run.generate(length)
    tail = made.values[-2 * SAMPLES_A_PERIOD :, 0].astype(np.float64)
    phase, amplitude = phase_and_amplitude(tail, PRIME_END + length - len(tail))
    return abs(phase), abs(amplitude - 1)


def main() -> None:
    """Runs everything and prints the table."""
    options = arguments(__doc__ or "", seeds=10).parse_args()
    rows = []
    continued = {1_000: [], 10_000: []}  # type: dict[int, list[tuple[float, float]]]
    for name, settings in (("origin's settings, 10 epochs", ORIGIN), ("echoic's defaults, 3 epochs", DEFAULTS)):
        scores, seconds, floors, linear = [], [], [], []
        for seed in range(options.seeds if settings is DEFAULTS else min(options.seeds, 3)):
            with tempfile.TemporaryDirectory() as folder:
                started_at = time.monotonic()
                run = echoic.train(
                    "forecast", f"synth:sine,seed={seed}", out=Path(folder) / "run", seed=seed, threads=options.threads,
                    **settings,
                )  # fmt: skip
                seconds.append(time.monotonic() - started_at)
                evaluation = run.evaluate(split="dev")
                scores.append(evaluation.scores["mse"])
                linear.append(evaluation.baselines["linear"]["mse"])
                floors.append(dev_noise(run))
                if settings is DEFAULTS:
                    for length, errors in continued.items():
                        errors.append(continuation_errors(run, length))
        columns = [spread(values, 6) for values in (scores, floors, linear)]
        rows.append([name, len(scores), *columns, spread(seconds, 1)])
    headers = ["training", "seeds", "dev MSE, one step ahead", "variance of the noise in dev", "linear map", "seconds"]
    body = (
        table(headers, rows) + "\n\nEvery seed has a signal of its own; no forecast can beat the noise in its dev part."
    )
    more = []
    for length, errors in continued.items():
        good = sum(phase < 0.05 and amplitude < 0.05 for phase, amplitude in errors)
        phases, amplitudes = zip(*errors, strict=True)
        worst = f"{max(phases):.4f}", f"{max(amplitudes):.4f}"
        more.append([length, f"{good} of {len(errors)}", spread(phases), spread(amplitudes), *worst])
    headers = ["steps", "both under 5 %", "phase error (periods)", "amplitude error", "worst phase", "worst amplitude"]
    body += "\n\nContinuation after priming, echoic's defaults:\n\n" + table(headers, more)
    publish("o0", "O0: the noisy sine", body, write=options.write)


if __name__ == "__main__":
    main()
