"""The networks of the audio job."""

from echoic.codecs import MuLaw
from echoic.components import Components
from echoic.config import AudioSettings
from echoic.encoders import AudioCodes, Identity
from echoic.heads import AudioSamples, Point, SourceStats
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep


def build_network(settings: AudioSettings, values: int, source: SourceStats, components: Components) -> SequenceModel:
    """The model for steps of `values` numbers; its weights are drawn from torch's default generator."""
    components.refuse("head", reason="by audio runs")
    if settings.sound.model == "frames":
        return _next_frame(settings, values, components)
    components.refuse("encoder", reason="by --model samples, whose head reads the encoded samples; use --model frames")
    return _two_tiers(settings, values, source, components)


def _two_tiers(
    settings: AudioSettings, frame_samples: int, source: SourceStats, components: Components
) -> SequenceModel:
    """Recurrent layers over frames, and a head that samples the values of a frame one by one."""
    noise = settings.regularization.history_noise
    encoder = AudioCodes(frame_samples, MuLaw.num_codes, noise)
    stack = components.build_stack(encoder.output_size, settings.stack)
    readout = ConcatInput(stack.output_size, encoder.output_size)
    head = AudioSamples(readout.output_size, frame_samples, MuLaw.num_codes, settings.fast, source, noise)
    return SequenceModel(encoder, stack, readout, head)


def _next_frame(settings: AudioSettings, values: int, components: Components) -> SequenceModel:
    """Frames in, the mean of the next frame out."""
    encoder = components.build_encoder(values, Identity)
    stack = components.build_stack(encoder.output_size, settings.stack)
    return SequenceModel(encoder, stack, PerStep(stack.output_size), Point(stack.output_size, values, 1, "mse"))
