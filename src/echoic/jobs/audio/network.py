"""The networks of the audio job, put together from parts."""

from collections.abc import Sequence

from echoic.cells import CELLS, Stack
from echoic.codecs import MuLaw
from echoic.config import AudioSettings
from echoic.encoders import Levels, Plain
from echoic.heads import Point, Samples
from echoic.model import SequenceModel
from echoic.readouts import Beside, Every


def build_network(settings: AudioSettings, prediction: Sequence[float]) -> SequenceModel:
    """The model that `settings` ask for; weights are drawn from torch's generator.

    `prediction` are the weights of linear prediction, the oldest sample first.
    """
    return _two_tiers(settings, prediction) if settings.sound.model == "samples" else _next_frame(settings)


def _two_tiers(settings: AudioSettings, prediction: Sequence[float]) -> SequenceModel:
    """Recurrent layers over frames, and a head that draws their samples one after the other."""
    frame, noise = settings.sound.frame_samples, settings.drift.history_noise
    encoder = Levels(frame, MuLaw.levels, noise)
    stack = Stack(CELLS, encoder.output_size, settings.stack)
    readout = Beside(stack.output_size, encoder.output_size)
    head = Samples(readout.output_size, frame, MuLaw.levels, settings.fast, prediction, noise)
    return SequenceModel(encoder, stack, readout, head)


def _next_frame(settings: AudioSettings) -> SequenceModel:
    """Frames in, the mean of the next frame out."""
    frame = settings.sound.frame_samples
    stack = Stack(CELLS, frame, settings.stack)
    return SequenceModel(Plain(frame), stack, Every(stack.output_size), Point(stack.output_size, frame, 1, "mse"))
