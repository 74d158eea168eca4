"""Settings of the forecast job."""

from job_data import SIZES

from setting_changes.entries import Change, Config, Entry, Idle
from setting_changes.shared import INPUTS, NO_EMA, PLAIN_STACK, STACK, TRAIN, idle_everywhere
from setting_changes.tables import (
    AUTUMN,
    COMMAS,
    CONSTANT,
    DAILY,
    GAPPED,
    HALF_DAYS,
    LATIN,
    ODD_DATES,
    ODD_DAYS,
    SERIES,
    TILDES,
    UNSORTED,
    WEEKLY,
    WIDE,
    columns,
    data_frame,
    m4,
    parquet,
    synthetic,
    wave,
)

DIRECT: Config = {"strategy": "direct"}
FRACTIONS: Config = {"split": (0.6, 0.2, 0.2)}
CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | {
        "format": Change("wide", FRACTIONS, SERIES),
        "time": Change("t", FRACTIONS | {"target": None}, columns("t,y", lambda row: 1500 + row, wave)),
        "target": Change(("a",), data=WIDE),
        "id": Change("name", FRACTIONS, columns("name,y", lambda row: row % 2, wave, rows=800)),
        "past_covariates": Change(("b",), DIRECT | {"target": ("a",)}, WIDE),
        "future_covariates": Change(("b",), DIRECT | {"target": ("a",)}, WIDE),
        "static_covariates": Change(("kind",), DIRECT | {"target": ("a",)}, CONSTANT),
        "decimal": Change(",", data=COMMAS, base_fails=True),
        "delimiter": Change("~", data=TILDES, base_fails=True),
        "encoding": Change("latin-1", data=LATIN, base_fails=True),
        "date_format": Change("%Y/%j", {"time": "ds"}, ODD_DATES, base_fails=True),
        "gaps": Change("mask", {"time": "ds"}, GAPPED, base_fails=True),
        "freq": Change("D", {"time": "ds", "gaps": "mask"}, ODD_DAYS, base_fails=True),
        "resample": Change("mean", {"time": "ds", "freq": "D"}, HALF_DAYS, base_fails=True),
        "time_zone": Change("Europe/Berlin", {"time": "ds"}, AUTUMN, base_fails=True),
        "sort": Change(True, {"time": "ds"}, UNSORTED, base_fails=True),
        "calendar": Change(("weekday",), {"time": "ds"}, DAILY),
        "holidays": Change("DE", {"time": "ds", "calendar": ()}, DAILY),
        "split": Change((200, 100, 100)),
        "split_order": Change(),
        "scale": Change("minmax"),
        "scale_per": Change(base=FRACTIONS, data=SERIES),
        "instance_norm": Change("standard", DIRECT),
        "residual_baseline": Change("none", DIRECT),
        "lags": Change((5,), DIRECT),
        "season": Change((8,), DIRECT | {"residual_baseline": "seasonal", "season": (12,)}),
        "lookback": Change(),
        "horizon": Change(),
        "stride": Change(),
        "max_dev_windows": Change(3),
        "windows_per_epoch": Change(70),
        "strategy": Change("direct"),
        "segment_steps": Change(6, {"strategy": "segments", "segment_steps": 4}),
        "channels": Change("independent", DIRECT, WIDE),
        "batching": Change("chunks"),
        "loss_at": Change("last"),
        "network_weight": Change(0.5),
        "baseline_seasons": Change((6,)),
        "nonnegative": Change(("y",)),
        "recency_exponent": Change(3.0),
        "season_aligned_fraction": Change(0.7, {"season": (12,)}),
        "refit": Change(True),
        "head": Change(),
        "loss": Change("mae"),
        "quantiles": Change((0.025, 0.5, 0.975), {"head": "quantiles"}),
        "input_noise_std": Change(),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {
    "split": SIZES, "lookback": 24, "horizon": 4, "strategy": "recursive", "batch_size": 64, "scale": "standard",
    "cell": "gru", "evals_per_epoch": 1,
}  # fmt: skip

CHUNKS: Config = {"batching": "chunks"}
SHUFFLED: Config = {"split_order": "shuffled"}
TEXT: Config = {"delimiter": ";", "encoding": "latin-1"}
"""Settings that only text has a use for."""
CLOCK: Config = {
    "date_format": "%d.%m.%Y",
    "gaps": "mask",
    "sort": True,
    "freq": "D",
    "resample": "mean",
    "time_zone": "Europe/Berlin",
}
"""Settings that only times have a use for."""

IDLE: list[Idle] = [
    *idle_everywhere("forecast"),
    Idle("forecast", "loss", "mae", {"head": "quantiles"}),
    Idle("forecast", "quantiles", (0.025, 0.5, 0.975)),
    Idle("forecast", "loss_at", "last", DIRECT),
    Idle("forecast", "calendar", ("hour",), {"time": "ds"}, DAILY),
    Idle("forecast", "holidays", "DE", {"time": "ds"}, WEEKLY),
    Idle("forecast", "segment_steps", 4),
    *(
        Idle("forecast", field, 3, CHUNKS)
        for field in ("stride", "recency_exponent", "max_dev_windows", "windows_per_epoch")
    ),
    Idle("forecast", "season_aligned_fraction", 0.5, CHUNKS),
    Idle("forecast", "recency_exponent", 3.0, SHUFFLED),
    Idle("forecast", "refit", True, SHUFFLED),
    Idle("forecast", "season_aligned_fraction", 0.5, SHUFFLED | {"season": (12,)}),
    Idle("forecast", "residual_baseline", "last"),
    Idle("forecast", "instance_norm", "standard"),
    Idle("forecast", "lags", (5,)),
    Idle("forecast", "scale_per", "all", {"scale": "none"}),
    Idle("forecast", "channels", "independent", DIRECT),
    *(Idle("forecast", field, value, data=WIDE) for field, value in CLOCK.items()),
    *(Idle("forecast", field, value, {"format": "m4"}, m4) for field, value in CLOCK.items()),
    *(Idle("forecast", field, value, data=data) for field, value in TEXT.items() for data in (data_frame, parquet)),
    *(Idle("forecast", field, value) for field, value in (TEXT | {"decimal": ","}).items()),
    *(
        Idle("forecast", field, value, data=synthetic)
        for field, value in (TEXT | CLOCK | {"decimal": ",", "format": "wide"}).items()
    ),
]
