"""The networks of the classify job, put together from parts."""

from collections.abc import Sequence

from echoic.cells import IdentityStack
from echoic.config import ClassifySettings
from echoic.config.train import refuse_input_noise
from echoic.encoders import ConvNet
from echoic.errors import ConfigError
from echoic.jobs.classify.labelling import Labelling
from echoic.labelled.front_end import check_front, front, layers
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean, Readout

POOLING: dict[str, type[Last] | type[Mean] | type[Attention]] = {"last": Last, "mean": Mean, "attention": Attention}


def check_settings(settings: ClassifySettings) -> None:
    """Whether settings go together.

    Raises:
        ConfigError: they do not, or one of them does nothing.
    """
    check_front(settings.encoder, settings.stack)
    refuse_input_noise(settings.train, "padded clips", "noise_std")
    if settings.encoder.bidirectional and settings.network.pooling == "last":
        raise ConfigError(
            "`pooling` last is for networks that read one way; with --bidirectional take mean or attention."
        )


def check_network(settings: ClassifySettings, lengths: Sequence[int]) -> None:
    """Whether the network that `settings` ask for can be made for clips of these `lengths`.

    Raises:
        ConfigError: a convnet over clips of unequal length, or with settings of other networks.
    """
    if settings.network.model == "recurrent":
        return
    if min(lengths) != max(lengths):
        raise ConfigError(
            f"`model` convnet takes clips of one length, and these have {min(lengths)} to {max(lengths)} steps; give "
            "stretches of one length (start and end in a table), or leave --model out."
        )
    plain = ClassifySettings()
    stack = settings.stack.model_copy(update={"dropout": plain.stack.dropout})
    if (settings.encoder, stack, settings.network.pooling) != (plain.encoder, plain.stack, plain.network.pooling):
        raise ConfigError(
            "`model` convnet has convolutions of its own, no recurrent layers and no pooling; of their settings it "
            "takes the dropout alone."
        )


def build_network(settings: ClassifySettings, values: int, clip_steps: int, labelling: Labelling) -> SequenceModel:
    """The model that `settings` ask for, over steps of so many `values`; a convnet for clips of `clip_steps`."""
    if settings.network.model == "recurrent":
        return _recurrent(settings, values, labelling)
    encoder = ConvNet(values, clip_steps)
    stack = IdentityStack(encoder.output_size, settings.stack.dropout)
    return SequenceModel(encoder, stack, Last(stack.output_size), labelling.head(stack.output_size))


def _recurrent(settings: ClassifySettings, values: int, labelling: Labelling) -> SequenceModel:
    encoder = front(settings.encoder, values)
    stack = layers(settings.encoder, encoder.output_size, settings.stack)
    readout: Readout = POOLING[settings.network.pooling](stack.output_size)
    return SequenceModel(encoder, stack, readout, labelling.head(readout.output_size))
