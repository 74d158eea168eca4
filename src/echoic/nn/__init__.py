"""Drop-in replacements for `torch.nn.LSTM` and `torch.nn.GRU`, on echoic's kernels where they run.

Arguments, parameter names, start values and results are torch's: change the import, and `state_dict` loads both ways.
"""

from echoic.nn.dropout import Dropout as Dropout
from echoic.nn.gru import GRU as GRU
from echoic.nn.lstm import LSTM as LSTM
