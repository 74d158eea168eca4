"""The charts of a drift report."""

import numpy as np
import torch

from echoic.drift.report import DriftReport
from echoic.report.charts import Band, Chart, Heatmap, Line
from echoic.sound.spectra import stft
from echoic.types import Floats

_STRIP_COLUMNS, _STRIP_ROWS = 600, 128
_LOWEST_DB = -110.0


def drift_charts(report: DriftReport) -> list[Chart]:
    """One stream to look at, distances over time beside those of collapsed sound, survival, level and brightness."""
    found = report.drift
    distances = [
        Line("Frechet", found.time_s, found.frechet, "model"),
        Line("log-spectral", found.time_s, found.spectral, "dev"),
        *(
            Line(
                f"Frechet, {name}",
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
            "Generated time, s",
            "In units of real against real",
            lines=tuple(distances),
            caption="1 is as far as real sound is from other real sound. Dashed: sound that has collapsed for certain.",
            log_y=True,
        ),
        Chart(
            "survival",
            "Streams alive",
            "Generated time, s",
            "Share",
            lines=(Line("survival", seconds, found.survival, "model"),),
            caption="Dead: silent, flat noise, clipped, disordered, offset, looping or copied for 3 s and more.",
        ),
        _against_range(report, "level_db", "Level", "dB of full scale"),
        _against_range(report, "centroid_hz", "Brightness", "Spectral centroid, Hz"),
        _against_range(report, "flatness", "Flatness", "Of the spectrum; 1 is white noise"),
    ]


def strip(sound: Floats, rate_hz: int) -> Chart:
    """The spectrum of one stream `(samples,)` from its start to its end; a column has the mean power of its time."""
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
        "One stream",
        "Generated time, s",
        "Frequency, Hz",
        heatmaps=(
            Heatmap(
                "dB of a full-scale sine",
                np.arange(len(shades)) * column / rate_hz,
                np.linspace(0, rate_hz / 2, rows + 1),
                shades.T.double().numpy(),
            ),
        ),
    )


def _against_range(report: DriftReport, name: str, title: str, label: str) -> Chart:
    found = report.drift
    low, high = found.real[name]
    every = np.ones(len(found.time_s))
    return Chart(
        name,
        title,
        "Generated time, s",
        label,
        lines=(Line("generated, median", found.time_s, getattr(found, name), "model"),),
        bands=(Band("real, 5 to 95 %", found.time_s, low * every, high * every),),
    )
