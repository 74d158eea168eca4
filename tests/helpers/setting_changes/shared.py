"""Settings that several jobs share: the layers, training, and labelled sound."""

from setting_changes.entries import Change, CheckedBy, Config, Entry, Idle, Refused

STACK: dict[str, Entry] = {
    "cell": Change(),
    "layers": Change((5,)),
    "dropout": Change(),
    "input_dropout": Change(),
    "variational_dropout": Change(base={"dropout": 0.3}),
    "weight_dropout": Change(),
    "forget_bias": Change(2.0, {"cell": "lstm"}),
    "learn_initial_state": Change(),
}

TRAIN: dict[str, Entry] = {
    "epochs": Change(),
    "steps": Change(1, {"epochs": None, "steps": 2}),
    "minutes": CheckedBy("tests/training/test_schedule.py::test_a_time_budget_counts_from_the_first_step"),
    "batch_size": Change(),
    "optimizer": Change("adam", {"weight_decay": 0.1}),
    "lr": Change(),
    "lr_schedule": Change(),
    "warmup_fraction": Change(0.5),
    "weight_decay": Change(),
    "grad_clip_norm": Change(1e-3),
    "ema_decay": Change(0.1),
    "evals_per_epoch": Change(),
    "patience": Change(2, {"patience": 1, "lr": 1e-30, "epochs": 9}),
    "input_noise_std": Refused(0.1, "input_noise_std"),
    "scheduled_sampling": Change(),
    "seed": Change(),
    "device": CheckedBy("tests/contracts/test_settings.py::test_an_unavailable_device_is_refused"),
    "threads": CheckedBy("tests/contracts/test_settings.py::test_threads_are_those_of_the_training"),
    "precision": Change("bf16", {"layers": (65,)}),
    "checkpoint_interval_s": CheckedBy(
        "tests/contracts/test_settings.py::test_checkpoints_are_written_at_the_interval"
    ),
}

INPUTS: dict[str, Entry] = {
    "on_error": CheckedBy("tests/contracts/test_on_error.py::test_training_skips_what_cannot_be_used_and_lists_it"),
}

SPECTRUM: dict[str, Entry] = {
    "n_mels": Change(),
    "window_ms": Change(),
    "hop_ms": Change(20.0),
    "low_hz": Change(),
    "high_hz": Change(800.0),
    "cache_dir": CheckedBy("tests/contracts/test_settings.py::test_spectra_are_cached_in_the_folder"),
}

AUGMENT: dict[str, Entry] = {
    "noise_std": Change(),
    "max_gain_db": Change(),
    "max_shift_steps": Change(5),
    "n_time_masks": Change(),
    "time_mask_param": Change(3, {"n_time_masks": 1}),
    "n_freq_masks": Change(),
    "freq_mask_param": Change(3, {"n_freq_masks": 1}),
}

ENCODER: dict[str, Entry] = {
    "conv_channels": Change((6,)),
    "kernel_size": Change(5, {"conv_channels": (4,)}),
    "conv_stride": Change(base={"conv_channels": (4,)}),
    "conv_dims": Change(1, {"conv_channels": (4,)}),
    "bidirectional": Change(),
}

BOTH: Config = {"bidirectional": True}
BUDGET: Config = {"minutes": 1.0, "epochs": None}
STEPS: Config = {"steps": 3, "epochs": None}

BIDIRECTIONAL: dict[str, Change] = {
    name: entry._replace(base={**entry.base, "bidirectional": True})
    for name, entry in STACK.items()
    if isinstance(entry, Change) and name != "learn_initial_state"
}
"""The layers that read both ways take the same settings."""

NO_EMA: Config = {"ema_decay": 0.0, "epochs": 1, "threads": 1}
PLAIN_STACK: Config = {"layers": (8,), "dropout": 0.0, "input_dropout": 0.0}


def idle_everywhere(job: str) -> list[Idle]:
    """Settings of layers and training that do nothing in some configuration of every job."""
    return [
        Idle(job, "forget_bias", 2.0, {"cell": "gru"}),
        Idle(job, "variational_dropout", True),
        Idle(job, "epochs", 2, BUDGET),
        Idle(job, "steps", 2, BUDGET),
        Idle(job, "epochs", 2, STEPS),
        Idle(job, "patience", 2, BUDGET),
    ]


def idle_in_labelled_sound(job: str) -> list[Idle]:
    """Settings of augmentation and convolutions that do nothing without masks or convolutions."""
    return [
        Idle(job, "time_mask_param", 5),
        Idle(job, "freq_mask_param", 5),
        Idle(job, "kernel_size", 5, {"conv_channels": ()}),
        Idle(job, "conv_stride", 2, {"conv_channels": ()}),
        Idle(job, "conv_dims", 1, {"conv_channels": ()}),
        Idle(job, "learn_initial_state", True, BOTH),
    ]


LABELLED: dict[str, Entry] = SPECTRUM | AUGMENT | ENCODER
"""Settings of jobs for labelled sound."""
