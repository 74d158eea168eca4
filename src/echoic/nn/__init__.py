"""Drop-in replacements for `torch.nn.LSTM` and `torch.nn.GRU`, on echoic's kernels where they run.

Arguments, parameter names, start values and results are torch's: change the import, and `state_dict` loads both ways.
"""

from echoic.nn.companding import companded as companded
from echoic.nn.companding import expanded as expanded
from echoic.nn.dropout import Dropout as Dropout
from echoic.nn.gru import GRU as GRU
from echoic.nn.lattice import reflections_of as reflections_of
from echoic.nn.lattice import weights_of as weights_of
from echoic.nn.loudness import LOUDNESSES as LOUDNESSES
from echoic.nn.loudness import loudness_of as loudness_of
from echoic.nn.loudness import power_of as power_of
from echoic.nn.lstm import LSTM as LSTM
from echoic.nn.noise import LevelNoise as LevelNoise
