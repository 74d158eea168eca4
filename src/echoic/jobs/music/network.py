"""The networks of the music job."""

from echoic.codecs import PianoRoll
from echoic.components import Components
from echoic.config import MusicSettings
from echoic.encoders import Identity, OneHot
from echoic.heads import Bernoulli, Categorical, Joint, SymbolHead
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep, Readout


def build_network(settings: MusicSettings, codec: PianoRoll, components: Components) -> SequenceModel:
    """The model for `settings` with all choices made; its weights are drawn from torch's default generator."""
    size, default = (codec.symbols, OneHot) if codec.form == "line" else (codec.features, Identity)
    encoder = components.build_encoder(size, default)
    stack = components.build_stack(encoder.output_size, settings.stack)
    readout: Readout = PerStep(stack.output_size)
    if settings.output.head == "joint":
        # Voices move by small steps, so the head gets the previous notes without dropout.
        readout = ConcatInput(stack.output_size, encoder.output_size)
    head = components.build_symbol_head(readout.output_size, size, lambda width, _size: _head(settings, codec, width))
    return SequenceModel(encoder, stack, readout, head)


def _head(settings: MusicSettings, codec: PianoRoll, width: int) -> SymbolHead:
    output = settings.output
    if output.head == "categorical":
        return Categorical(width, codec.symbols)
    if output.head == "bernoulli":
        return Bernoulli(width, codec.features)
    per_pitch = 2 if codec.form == "onsets" else 1
    return Joint(width, codec.features, output.chord_hidden_size, output.head_dropout, per_pitch)
