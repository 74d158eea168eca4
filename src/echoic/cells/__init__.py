"""Recurrent layers. A new one is a file with a `Cell` and a line in `CELLS`."""

from echoic.cells.base import Cell as Cell
from echoic.cells.bidirectional import Bidirectional as Bidirectional
from echoic.cells.gru import GRU as GRU
from echoic.cells.identity import IdentityStack as IdentityStack
from echoic.cells.lstm import LSTM as LSTM
from echoic.cells.mingru import MinGRU as MinGRU
from echoic.cells.network import NetworkStack as NetworkStack
from echoic.cells.stack import Stack as Stack

CELLS: dict[str, type[Cell]] = {"lstm": LSTM, "gru": GRU, "mingru": MinGRU}
