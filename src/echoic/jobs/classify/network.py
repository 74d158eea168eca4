"""The networks of the classify job."""

from collections.abc import Sequence

from echoic.cells import IdentityStack
from echoic.components import Components
from echoic.config import ClassifySettings
from echoic.config.spectrum import EncoderSettings
from echoic.encoders import ConvNet
from echoic.errors import ConfigError
from echoic.jobs.classify.labelling import Labelling
from echoic.labelled.front_end import check_front, front, layers
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean, Readout

POOLING: dict[str, type[Last] | type[Mean] | type[Attention]] = {"last": Last, "mean": Mean, "attention": Attention}


def check_settings(settings: ClassifySettings) -> None:
    """Refuses settings that contradict each other or have no effect.

    Raises:
        ConfigError: there are some.
    """
    check_front(settings)
    if settings.network.model != "recurrent":
        reason = "with --model convnet, whose clips are of one length; leave it out."
        settings.vary.refuse_changed(("excerpt_steps", "max_stretch"), reason)
    if settings.encoder.bidirectional and settings.network.pooling == "last":
        raise ConfigError("`pooling` = last is not supported with --bidirectional; use mean or attention.")


def check_network(settings: ClassifySettings, lengths: Sequence[int]) -> None:
    """Checks that the network supports clips of these `lengths`, and has all the parts that `settings` name.

    Raises:
        ConfigError: a convnet for clips of unequal length, or with settings of recurrent networks.
    """
    if settings.network.model == "recurrent":
        return
    if min(lengths) != max(lengths):
        raise ConfigError(
            f"`model` = convnet requires clips of equal length, got {min(lengths)} to {max(lengths)} steps; cut them "
            "to one length (columns start and end of a table), or use another --model."
        )
    plain = ClassifySettings()
    stack = settings.stack.model_copy(update={"dropout": plain.stack.dropout})
    if (settings.encoder, stack, settings.network.pooling) != (plain.encoder, plain.stack, plain.network.pooling):
        raise ConfigError(
            "`model` = convnet has convolutions of its own, no recurrent layers and no pooling; of their settings only "
            "`dropout` has an effect."
        )


def build_network(
    settings: ClassifySettings, values: int, clip_steps: int, labelling: Labelling, components: Components
) -> SequenceModel:
    """The model for steps of `values` features; a convnet is made for clips of `clip_steps` steps."""
    components.refuse("head", reason="by classify runs")
    if settings.network.model == "recurrent":
        return _recurrent(settings, values, labelling, components)
    components.refuse("cell", "encoder", "network", reason="by --model convnet; use recurrent")
    encoder = ConvNet(values, clip_steps)
    stack = IdentityStack(encoder.output_size, settings.stack.dropout)
    return SequenceModel(encoder, stack, Last(stack.output_size), labelling.head(stack.output_size))


def _recurrent(settings: ClassifySettings, values: int, labelling: Labelling, components: Components) -> SequenceModel:
    encoder = front(settings.encoder, values, components, is_stepwise=False)
    # A network of the user's own has its own direction.
    direction = settings.encoder if components.network is None else EncoderSettings()
    stack = layers(direction, encoder.output_size, settings.stack, components, is_stepwise=False)
    readout: Readout = POOLING[settings.network.pooling](stack.output_size)
    return SequenceModel(encoder, stack, readout, labelling.head(readout.output_size))
