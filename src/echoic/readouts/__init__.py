"""Readouts of hidden vectors as inputs of the head. A new one is a file with a `Readout` and a line in `READOUTS`."""

from echoic.readouts.attention import Attention as Attention
from echoic.readouts.base import Readout as Readout
from echoic.readouts.base import ReadoutInputs as ReadoutInputs
from echoic.readouts.concat_input import ConcatInput as ConcatInput
from echoic.readouts.horizon import Horizon as Horizon
from echoic.readouts.last import Last as Last
from echoic.readouts.mean import Mean as Mean
from echoic.readouts.per_step import PerStep as PerStep

READOUTS: dict[str, type[Readout]] = {
    "per_step": PerStep,
    "concat_input": ConcatInput,
    "last": Last,
    "mean": Mean,
    "attention": Attention,
    "horizon": Horizon,
}
