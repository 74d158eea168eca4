"""The networks of the audio job, put together from parts."""

from echoic.cells import CELLS, Stack
from echoic.codecs import MuLaw
from echoic.config import AudioSettings
from echoic.encoders import AudioCodes, Identity
from echoic.heads import AudioSamples, Point, SourceStats
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep


def build_network(settings: AudioSettings, values: int, source: SourceStats) -> SequenceModel:
    """The model that `settings` ask for, of steps of so many `values`; weights are drawn from torch's generator."""
    two_tiers = settings.sound.model == "samples"
    return _two_tiers(settings, values, source) if two_tiers else _next_frame(settings, values)


def _two_tiers(settings: AudioSettings, frame_samples: int, source: SourceStats) -> SequenceModel:
    """Recurrent layers over frames, and a head that draws their samples one after the other."""
    noise = settings.regularization.history_noise
    encoder = AudioCodes(frame_samples, MuLaw.num_codes, noise)
    stack = Stack(CELLS, encoder.output_size, settings.stack)
    readout = ConcatInput(stack.output_size, encoder.output_size)
    head = AudioSamples(readout.output_size, frame_samples, MuLaw.num_codes, settings.fast, source, noise)
    return SequenceModel(encoder, stack, readout, head)


def _next_frame(settings: AudioSettings, values: int) -> SequenceModel:
    """Frames in, the mean of the next frame out."""
    stack = Stack(CELLS, values, settings.stack)
    return SequenceModel(
        Identity(values), stack, PerStep(stack.output_size), Point(stack.output_size, values, 1, "mse")
    )
