"""Recurrent layers. To add one: a file with a `Cell`, and a line in `CELLS`."""

from echoic.cells.base import Cell as Cell
from echoic.cells.gru import GRU as GRU
from echoic.cells.lstm import LSTM as LSTM
from echoic.cells.no_layers import NoLayers as NoLayers
from echoic.cells.stack import Stack as Stack
from echoic.cells.two_way import TwoWay as TwoWay

CELLS: dict[str, type[Cell]] = {"lstm": LSTM, "gru": GRU}
