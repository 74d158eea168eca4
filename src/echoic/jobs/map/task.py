"""The task of the map job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.signals import SignalBaselines
from echoic.batches import BatchLoader
from echoic.config.map import MapSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Task
from echoic.jobs.map.batches import EVAL_CHUNK, PairCollate, chunk_loader, eval_loader, excerpt_loader
from echoic.jobs.map.codec import MapCodec, inputs_of, targets_of
from echoic.jobs.map.network import build_network
from echoic.jobs.map.splits import split_pairs
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.sources.pairs.sound import target_place
from echoic.types import Series
from echoic.types.counted import counted
from echoic.windows import SPLITS, Ranges, empty_split
from echoic.windows.recordings import Excerpt

_WARMUP, _WARMUP_PARTS = 1000, 50
_TBPTT, _TBPTT_OF_SOUND, _MIN_TBPTT, _TBPTT_PARTS = 128, 512, 8, 32
"""Steps of warm-up and of back-propagation, and the parts of short data that are taken instead."""

_BURN_IN = 256
"""Steps of burn-in at most."""

_EMPTY = {
    "dev": "nothing chooses the weights and the length of training",
    "test": "eval needs new data, or another split with --split",
}


class SplitPairs(NamedTuple):
    """Scaled inputs and targets of all excerpts of a split, one after the other, and their ranges."""

    inputs: Tensor
    targets: Tensor
    ranges: Ranges


@final
@dataclass(frozen=True, eq=False)
class MapTask(Task[MapSettings]):
    """Pairs of signals, and the codec of both."""

    settings_class = MapSettings

    dataset: DatasetLike
    settings: MapSettings
    codec: MapCodec

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: MapSettings, on_progress: ProgressFn = no_progress) -> Self:
        _check_settings(settings)
        splits = split_pairs(dataset.series, settings.split)
        _check_train(splits["train"], dataset.origin)
        first = dataset.series[0]
        rate_hz = first.annotations.steps_per_s or settings.data.rate_hz
        preemphasis = settings.output.preemphasis if settings.output.loss == "esr" else 0.0
        codec = MapCodec.fit(splits["train"], settings.window.delay_steps, rate_hz, preemphasis)
        settings = _resolved(settings, first, splits["train"], Path(dataset.origin))
        return cls(dataset, settings.replaced(delay_steps=codec.delay), codec)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: MapSettings, codec: Mapping[str, Any]) -> Self:
        return cls(dataset, settings, MapCodec.from_json(codec))

    def continued(self, dataset: DatasetLike, settings: MapSettings) -> Self:
        self.check(dataset.series)
        _check_train(split_pairs(dataset.series, settings.split)["train"], dataset.origin)
        return self.restore(dataset, settings, self.codec_state())

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json()

    @cached_property
    def splits(self) -> dict[str, list[Excerpt]]:
        """The excerpts of each split."""
        return split_pairs(self.dataset.series, self.settings.split)

    def excerpts(self, split: str) -> list[Excerpt]:
        """The excerpts of a split, of which there must be some.

        Raises:
            DataError: there are none.
        """
        if not self.splits[split]:
            raise empty_split(split, self.dataset.origin, "steps")
        return self.splits[split]

    def check(self, series: Sequence[Series]) -> None:
        """Checks that pairs have the inputs and targets of the run.

        Raises:
            DataError: they have others.
        """
        for one in series:
            for role, own, expected in (
                ("inputs", one.covariates.past_names, self.codec.input_names),
                ("targets", one.features, self.codec.target_names),
            ):
                if sorted(own) != sorted(expected):
                    raise DataError(
                        f"{one.origin} has the {role} {', '.join(own)}, but the run was trained on "
                        f"{', '.join(expected)}."
                    )

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.codec, self.components)

    @cached_property
    def pairs(self) -> dict[str, SplitPairs]:
        """The scaled pairs of each split."""
        return {split: self.scaled(self.splits[split]) for split in SPLITS}

    def scaled(self, excerpts: Sequence[Excerpt]) -> SplitPairs:
        """The scaled pairs of excerpts. Targets whose input comes after the end of their excerpt are left out."""
        inputs, targets = [], []
        for one in excerpts:
            whole = self.codec.encode_inputs(one.recording.covariates.past)
            inputs.append(whole[one.begin : one.end])
            known = self.codec.encode_targets(targets_of(one))
            if self.codec.delay < 0:
                known[max(0, len(known) + self.codec.delay) :] = torch.nan
            targets.append(known)
        widths = len(self.codec.input_names), len(self.codec.target_names)
        both = [
            torch.cat([torch.zeros(0, width), *parts]) for width, parts in zip(widths, (inputs, targets), strict=True)
        ]
        return SplitPairs(both[0], both[1], Ranges.from_lengths([one.end - one.begin for one in excerpts]))

    def train_batches(self) -> BatchLoader:
        window, batch_size, pairs = self.settings.window, self.settings.train.batch_size, self.pairs["train"]
        steps, burn_in = window.tbptt_steps or _TBPTT, window.burn_in_steps or 0
        if window.batching == "chunks":
            return chunk_loader(self._collate(pairs, self.warmup, steps), pairs.ranges, batch_size)
        return excerpt_loader(self._collate(pairs, burn_in), pairs.ranges, batch_size, steps + burn_in)

    def dev_batches(self) -> BatchLoader | None:
        pairs = self.pairs["dev"]
        if not bool((pairs.ranges.lengths > self.warmup + 1).any()):
            return None
        return eval_loader(self._collate(pairs, self.warmup, EVAL_CHUNK), pairs.ranges)

    def _collate(self, pairs: SplitPairs, burn_in: int, chunk_steps: int | None = None) -> PairCollate:
        output = self.settings.output
        return PairCollate(
            pairs.inputs,
            pairs.targets,
            pairs.ranges.begin,
            burn_in,
            self.warmup if chunk_steps is not None else min(self.warmup, burn_in),
            output.preemphasis if output.loss == "esr" else None,
            chunk_steps,
        )

    @property
    def warmup(self) -> int:
        """Steps at the beginning of a series that are not scored."""
        return self.settings.window.warmup or 0

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
        del calibration
        return self.linear_baselines().to_json()

    def linear_baselines(self) -> SignalBaselines:
        """The baselines, fitted on the train split."""
        pairs = self.pairs["train"]
        signals = [
            tuple(np.asarray(part[begin:end].double().numpy()) for part in (pairs.inputs, pairs.targets))
            for begin, end in pairs.ranges.spans()
        ]
        return SignalBaselines.fit([(one, other) for one, other in signals])

    def data_report(self) -> dict[str, Any]:
        report = self.dataset.report.to_json()
        codec, splits = self.codec, self.splits
        steps = {split: sum(one.end - one.begin for one in splits[split]) for split in SPLITS}
        notes = [
            *report["notes"],
            *self._notes(),
            *(f"The {s} split is empty: {_EMPTY[s]}." for s in _EMPTY if not steps[s]),
        ]
        missing = sum(int(np.isnan(inputs_of(one)).sum()) for one in splits["train"])
        if missing:
            notes.append(f"Inputs: {counted(missing, 'missing value')} in train; the last known one is held.")
        return report | {"notes": notes, "steps_per_split": steps, "delay_steps": codec.delay}

    def _notes(self) -> list[str]:
        codec, notes = self.codec, list[str]()
        if codec.delay:
            unit = "" if codec.rate_hz is None else f" ({abs(codec.delay) / codec.rate_hz * 1000:.4g} ms)"
            order = "after" if codec.delay > 0 else "before"
            notes.append(
                f"The targets come {counted(abs(codec.delay), 'step')}{unit} {order} the inputs; the delay is taken "
                "out of training and put back in predictions (--delay-steps 0 leaves it)."
            )
        if self.splits["dev"] and self.dev_batches() is None:
            notes.append(f"The dev split has no step after the warm-up: {_EMPTY['dev']}.")
        if codec.stride > 1:
            notes.append(f"Targets come at one step in {codec.stride}; predictions, too.")
        return notes


def _resolved(settings: MapSettings, first: Series, training: Sequence[Excerpt], place: Path) -> MapSettings:
    """The settings with every open choice made for the train split."""
    lengths = [one.end - one.begin for one in training]
    shortest, total, window = min(lengths), sum(lengths), settings.window
    warmup = min(_WARMUP, shortest // _WARMUP_PARTS) if window.warmup is None else window.warmup
    if warmup >= max(lengths):
        raise ConfigError(f"`warmup` is {warmup:,} steps, but the longest series of train has {max(lengths):,}.")
    most = _TBPTT if first.annotations.rate_hz is None else _TBPTT_OF_SOUND
    if abs(window.delay_steps or 0) >= max(lengths):
        raise ConfigError(
            f"`delay_steps` is {window.delay_steps:,}, but the longest series of train has {max(lengths):,} steps."
        )
    steps = window.tbptt_steps or min(most, max(_MIN_TBPTT, total // _TBPTT_PARTS))
    burn_in = window.burn_in_steps
    if burn_in is None:
        burn_in = min(steps, _BURN_IN, shortest // 4)
    if window.batching == "excerpts" and burn_in >= max(lengths):
        raise ConfigError(
            f"`burn_in_steps` is {burn_in:,}, but the longest series of train has {max(lengths):,} steps."
        )
    names: dict[str, Any] = {"inputs": first.covariates.past_names, "targets": first.features}
    if first.annotations.rate_hz is not None:
        names = {"targets": (str(target_place(settings.data, place)),), "rate_hz": float(first.annotations.rate_hz)}
    return settings.replaced(warmup=warmup, tbptt_steps=steps, burn_in_steps=burn_in, **names)


def _check_train(training: Sequence[Excerpt], origin: str) -> None:
    if not training:
        raise empty_split("train", origin, "steps")
    known = ~np.isnan(np.concatenate([targets_of(one) for one in training]))
    if not known.any(0).all():
        name = training[0].recording.features[int(known.any(0).argmin())]
        raise DataError(f"{origin}: the target {name!r} has no value in the train split; choose another --split.")


def _check_settings(settings: MapSettings) -> None:
    output, window = settings.output, settings.window
    if output.head != "point" and output.loss != "mse":
        raise ConfigError(f"`loss` = {output.loss} requires --head point; the {output.head} head has its likelihood.")
    if output.loss != "esr":
        output.refuse_changed(["preemphasis"], "without --loss esr; leave it out.")
    if window.batching == "chunks":
        window.refuse_changed(["burn_in_steps"], "with --batching chunks, which carry the state; leave it out.")
