"""The task of the transcribe job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import torch

from echoic.batches import BatchLoader, Transform
from echoic.codecs import Normalization, Units
from echoic.config import TranscribeSettings, TranscriptDataSettings
from echoic.config.spectrum import VarySettings
from echoic.config.transcribe import UnitSettings
from echoic.errors import ConfigError, DataError
from echoic.heads import CTC
from echoic.heads.ctc import steps_required
from echoic.jobs.base import Task
from echoic.jobs.transcribe.baselines import TextBaselines
from echoic.jobs.transcribe.calibration import calibrate
from echoic.jobs.transcribe.plan import plan
from echoic.labelled.batches import text_batches
from echoic.labelled.features import Features, RawSteps, spectra_count
from echoic.labelled.front_end import check_front, front, layers
from echoic.labelled.task import LabelledTask
from echoic.labelled.vary import Vary
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.readouts import PerStep
from echoic.sources import DatasetLike
from echoic.sources.examples import Examples
from echoic.sources.usable import skipped_notes, unusable
from echoic.types import Series, stored
from echoic.windows import SPLITS, assign_splits


@final
@dataclass(frozen=True, eq=False)
class TranscribeTask(LabelledTask[TranscribeSettings], Task[TranscribeSettings]):
    """Recordings and the units of their texts."""

    settings_class = TranscribeSettings
    content = "recordings"

    units: Units

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: TranscribeSettings, on_progress: ProgressFn = no_progress) -> Self:
        splits = assign_splits(dataset.series, settings.split.split, noun="recording")
        training = [dataset.series[number] for number in splits["train"]]
        units = _fitted_units(settings.units, [text_of(one) for one in training], dataset.origin)
        settings = plan(settings, training, units, dataset.origin)
        _check_settings(settings)
        raw = RawSteps.of(dataset, settings.spectrum)
        raw.make(on_progress)
        task = cls(dataset, settings, Features.fit(raw, splits["train"]), raw, units)
        task.check_usable()
        return task

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: TranscribeSettings, codec: Mapping[str, Any]) -> Self:
        features, units = (
            Features.from_json(stored.field(codec, "features")),
            Units.from_json(stored.field(codec, "units")),
        )
        return cls(dataset, settings, features, RawSteps.restored(dataset, features, settings.spectrum), units)

    def continued(self, dataset: DatasetLike, settings: TranscribeSettings) -> Self:
        task = self.restore(dataset, settings, self.codec_state())
        task.features.check(dataset.series)
        for number in task.splits["train"]:
            if unknown := self.units.unknown(text_of(dataset.series[number])):
                raise DataError(
                    f"{dataset.series[number].origin}: {_named(unknown)} not among the units of the run; remove the "
                    "recording, or train a new run."
                )
        task.check_usable()
        return task

    def codec_state(self) -> dict[str, Any]:
        return {"units": self.units.to_json(), "features": self.features.to_json()}

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        return {split: [n for n in numbers if n not in self.unusable] for split, numbers in self._assigned.items()}

    @cached_property
    def _assigned(self) -> dict[str, list[int]]:
        return assign_splits(self.dataset.series, self.settings.split.split, noun="recording")

    @cached_property
    def unusable(self) -> dict[int, str]:
        """Numbers of recordings whose text has no alignment with their steps, each with the reason.

        Test has none: its texts count, whether the network can write them or not.
        """
        numbers = sorted([*self._assigned["train"], *self._assigned["dev"]])
        reasons = {number: self._reason(self.dataset.series[number]) for number in numbers}
        return {number: reason for number, reason in reasons.items() if reason}

    def _reason(self, one: Series) -> str:
        units = self.encoded(one)
        if not units:
            unknown = self.units.unknown(text_of(one))
            why = f"{_named(unknown)} not in training" if unknown else "nothing is left of the text by --punctuation"
            return f"{one.origin} ({one.name}): the text {text_of(one)!r} has no units: {why}."
        # Variation in training may shorten a recording.
        steps = int(self.steps_in(one) / (1 + self.settings.vary.max_stretch))
        required = steps_required(units)
        if required <= steps:
            return ""
        return (
            f"{one.origin} ({one.name}): the text of {len(units)} units requires {required} steps of the network, but "
            f"the sound has {steps}; lower --conv-stride or --hop-ms, or correct the text."
        )

    def check_usable(self) -> None:
        """Refuses recordings that cannot be used, if the settings say so or none is left to train on.

        Raises:
            DataError: as said.
        """
        reasons, origin = list(self.unusable.values()), self.dataset.origin
        if not reasons:
            return
        if self.settings.data.on_error == "stop":
            raise unusable(reasons, len(self.dataset.series), origin=origin, kind="recordings")
        if not self.splits["train"]:
            raise DataError(f"{origin}: no training recording can be used; the first: {reasons[0]}")

    def steps_in(self, one: Series) -> int:
        """Number of steps of the network for a recording."""
        frames = one.steps
        if (mel := self.features.mel) is not None:
            frames = spectra_count(mel, one.steps)
        return -(-frames // self.settings.encoder.conv_stride)

    def encoded(self, one: Series) -> list[int]:
        """The numbers of the units of a recording's text."""
        return self.units.encode(text_of(one))

    @property
    def step_s(self) -> float:
        """Seconds per step of the network."""
        mel = self.features.mel
        frame_s = 1.0 if mel is None else mel.hop_samples / mel.rate_hz
        return frame_s * self.settings.encoder.conv_stride

    @property
    def rate_hz(self) -> int:
        """Samples of sound per second."""
        return 1 if self.features.mel is None else self.features.mel.rate_hz

    def build_model(self) -> SequenceModel:
        self.components.refuse("head", reason="by transcribe runs")
        settings, components = self.settings, self.components
        is_stepwise = not settings.encoder.bidirectional
        encoder = front(settings.encoder, self.features.values, components, is_stepwise=is_stepwise)
        stack = layers(settings.encoder, encoder.output_size, settings.stack, components, is_stepwise=is_stepwise)
        readout = PerStep(stack.output_size)
        early_blanks = settings.curriculum.early_blanks if is_stepwise else 0.0
        return SequenceModel(encoder, stack, readout, CTC(readout.output_size, len(self.units), early_blanks))

    def loader(
        self, split: str, batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        texts = [torch.tensor(self.encoded(one)) for one in self.series(split)]
        multiple = self.settings.encoder.conv_stride
        return text_batches(
            self.steps[split],
            texts,
            batch_size,
            multiple=multiple,
            shuffle=shuffle,
            short_first=self.settings.curriculum.short_first,
            transforms=transforms,
        )

    def _augmentation(self) -> list[Transform]:
        """Variations of sound come first: they need the spectra as they are."""
        vary, multiple = self.settings.vary, self.settings.encoder.conv_stride
        varied = [] if vary == VarySettings() else [Vary(vary, self.features.scaler, multiple)]
        return [*varied, *super()._augmentation()]

    @property
    def new_data(self) -> TranscriptDataSettings:
        """How new recordings are read: at the rate of training."""
        return self.settings.data.model_copy(update={"rate_hz": self.rate_hz})

    def data_report(self) -> dict[str, Any]:
        report = super().data_report()
        notes = [*report["notes"], *self._text_notes(), *skipped_notes(list(self.unusable.values()), "Texts")]
        return report | {"notes": notes, "units": len(self.units)}

    def _text_notes(self) -> list[str]:
        """What of the texts does not count, and units that no training text has."""
        rules, texts = self.units.normalization, [text_of(one) for one in self.dataset.series]
        changed = sum(rules.apply(text) != text for text in texts)
        kept = "lower case" if rules.lower else "the case as it is"
        marks = "with punctuation" if rules.punctuation else "without punctuation"
        notes = [f"Texts are read in {kept}, {marks} (--case, --punctuation): {changed:,} of {len(texts):,} changed."]
        for split in SPLITS[1:]:
            names = {name: one.name for one in self.series(split) for name in self.units.unknown(text_of(one))}
            if names:
                places = Examples.of(names.values()).as_text("unit")
                notes.append(
                    f"Only in {split}, so that the network cannot write them: {_named(sorted(names), '')}"
                    f"({places}); they count as errors."
                )
        return notes

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        return calibrate(self, model)

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
        del calibration
        return TextBaselines.fit(self).to_json()


def text_of(one: Series) -> str:
    """The text of a recording; empty without one."""
    return one.annotations.text or ""


def _fitted_units(settings: UnitSettings, texts: Sequence[str], origin: str) -> Units:
    lower = settings.case == "lower"
    if settings.case is None:
        whole = "".join(texts)
        lower = settings.units in ("characters", "words") and whole not in {whole.lower(), whole.upper()}
    rules = Normalization(lower, settings.punctuation == "keep")
    if settings.units in ("characters", "words"):
        units = Units.fit(texts, rules, " " if settings.units == "words" else "")
    else:
        units = Units(rules, tuple(dict.fromkeys(rules.apply(name) for name in settings.units)), " ")
        for text in texts:
            if unknown := units.unknown(text):
                known = {name.lower() for name in units.names}
                remedy = "choose --case lower" if {name.lower() for name in unknown} <= known else "add it there"
                raise DataError(f"{origin}: {_named(unknown)} not among `units`, in the text {text!r}; {remedy}.")
    if not units.names:
        raise DataError(f"{origin}: no training text has a unit; choose another --split, or --punctuation keep.")
    return units


def _named(names: Sequence[str], verb: str = "is") -> str:
    """`'a' is`, or `'a', 'b' are`."""
    listed = ", ".join(map(repr, dict.fromkeys(names)))
    if not verb:
        return f"{listed} "
    return f"{listed} {verb if len(set(names)) == 1 else 'are'}"


def _check_settings(settings: TranscribeSettings) -> None:
    if settings.augment.max_shift_steps:
        raise ConfigError("`max_shift_steps` is not supported: it would cut off the beginning of a text.")
    if settings.vary.excerpt_steps is not None:
        raise ConfigError("`excerpt_steps` is not supported: an excerpt of a recording has only a part of its text.")
    if settings.decoding.decoder == "greedy":
        reason = "with --decoder greedy; leave it out."
        settings.decoding.refuse_changed(("beam_size", "ngram_order"), reason)
    if settings.encoder.bidirectional:
        settings.curriculum.refuse_changed(("early_blanks",), "with --bidirectional; leave it out.")
    check_front(settings)
