"""The networks of the music job."""

from echoic.cells import CELLS, Stack
from echoic.codecs import PianoRoll
from echoic.config import MusicSettings
from echoic.encoders import Encoder, Identity, OneHot
from echoic.heads import Bernoulli, Categorical, Joint, SymbolHead
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep, Readout


def build_network(settings: MusicSettings, codec: PianoRoll) -> SequenceModel:
    """The model for `settings` with all choices made; its weights are drawn from torch's default generator."""
    encoder: Encoder = OneHot(codec.symbols) if codec.form == "line" else Identity(codec.features)
    stack = Stack(CELLS, encoder.output_size, settings.stack)
    readout: Readout = PerStep(stack.output_size)
    if settings.output.head == "joint":
        # Voices move by small steps: the chord before must reach the head without dropout.
        readout = ConcatInput(stack.output_size, encoder.output_size)
    return SequenceModel(encoder, stack, readout, _head(settings, codec, readout.output_size))


def _head(settings: MusicSettings, codec: PianoRoll, width: int) -> SymbolHead:
    output = settings.output
    if output.head == "categorical":
        return Categorical(width, codec.symbols)
    if output.head == "bernoulli":
        return Bernoulli(width, codec.features)
    per_pitch = 2 if codec.form == "onsets" else 1
    return Joint(width, codec.features, output.chord_hidden_size, output.head_dropout, per_pitch)
