"""Charts of a drift report."""

import numpy as np
import torch

from echoic.drift.report import DriftReport
from echoic.report.charts import Band, Chart, Heatmap, Line
from echoic.sound.spectra import stft
from echoic.types import Floats

_STRIP_COLUMNS, _STRIP_ROWS = 600, 128
_LOWEST_DB = -110.0


def drift_charts(report: DriftReport) -> list[Chart]:
    """A spectrogram, distances over time next to those of collapsed sound, survival, and features over time."""
    found = report.drift
    distances = [
        Line("Fréchet", found.time_s, found.frechet, "model"),
        Line("log-spectral", found.time_s, found.spectral, "dev"),
        *(
            Line(
                f"Fréchet, {name}",
                found.time_s,
                np.full(len(found.time_s), control.scores["frechet_ratio"]),
                "baseline",
                "dashed",
            )
            for name, control in report.controls.items()
        ),
    ]
    seconds = np.arange(len(found.survival), dtype=np.float64)
    return [
        strip(report.strip, report.rate_hz),
        Chart(
            "distance",
            "Distance from real sound",
            "Generated time (s)",
            "Distance / distance of real from real",
            lines=tuple(distances),
            caption="1 is the distance of real sound from other real sound. Dashed: collapsed sound, for comparison.",
            log_y=True,
        ),
        Chart(
            "survival",
            "Survival of streams",
            "Generated time (s)",
            "Fraction of streams without collapse",
            lines=(Line("survival", seconds, found.survival, "model"),),
            caption="Collapse: silence, noise, clipping, disorder, an offset, a loop or a copy that lasts 3 s.",
        ),
        _feature_chart(report, "level_db", "Level", "Level (dB relative to full scale)"),
        _feature_chart(report, "centroid_hz", "Brightness", "Spectral centroid (Hz)"),
        _feature_chart(report, "flatness", "Spectral flatness", "Flatness (1: white noise)"),
    ]


def strip(sound: Floats, rate_hz: int) -> Chart:
    """Spectrogram of one stream `(samples,)`; a column is the mean power of a time span."""
    rows = max(1, min(_STRIP_ROWS, len(sound) // 8))
    window = 2 * rows
    column = max(rows, len(sound) // _STRIP_COLUMNS)
    span = max(column, window)
    samples = torch.from_numpy(np.pad(sound, (0, max(0, span - len(sound)))))
    spans = (samples[at : at + span] for at in range(0, len(samples) - span + 1, column))
    of_sine = (torch.hann_window(window).sum() / 2).square()
    power = torch.stack([stft(part, window, rows).abs().square().mean(0) / of_sine for part in spans])
    shades = (10 * torch.log10(power)).clamp(min=_LOWEST_DB)
    return Chart(
        "strip",
        "Spectrogram",
        "Generated time (s)",
        "Frequency (Hz)",
        heatmaps=(
            Heatmap(
                "Power (dB relative to a full-scale sine)",
                np.arange(len(shades)) * column / rate_hz,
                np.linspace(0, rate_hz / 2, rows + 1),
                shades.T.double().numpy(),
            ),
        ),
    )


def _feature_chart(report: DriftReport, name: str, title: str, label: str) -> Chart:
    found = report.drift
    low, high = found.real[name]
    every = np.ones(len(found.time_s))
    return Chart(
        name,
        title,
        "Generated time (s)",
        label,
        lines=(Line("generated (median)", found.time_s, getattr(found, name), "model"),),
        bands=(Band("real (5th to 95th percentile)", found.time_s, low * every, high * every),),
    )
