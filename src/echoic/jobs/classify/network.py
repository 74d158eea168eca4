"""The network of the classify job, put together from parts."""

from echoic.config import ClassifySettings
from echoic.jobs.classify.labelling import Labelling
from echoic.jobs.front import front, layers
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean, Readout

POOLING: dict[str, type[Last] | type[Mean] | type[Attention]] = {"last": Last, "mean": Mean, "attention": Attention}


def build_network(settings: ClassifySettings, values: int, labelling: Labelling) -> SequenceModel:
    """The model that `settings` ask for, over steps of so many `values`."""
    encoder = front(settings.front, values)
    stack = layers(settings.front, encoder.output_size, settings.stack)
    readout: Readout = POOLING[settings.network.pooling](stack.output_size)
    return SequenceModel(encoder, stack, readout, labelling.head(readout.output_size))
