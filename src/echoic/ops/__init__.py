"""Recurrent layers over whole sequences, one function per cell.

`lstm` and `gru` run the fastest implementation that is available: the compiled kernels for float32 on a CPU, torch's
own layers for everything else. `stack` runs several small layers in one call. `lstm_reference` and `gru_reference` are
the same equations in readable form; every implementation is tested against them. Gate order (i f g o, r z n) and GRU
variant are torch's. All arrays are batch first.
"""

from echoic.ops.choice import AVAILABLE as AVAILABLE
from echoic.ops.choice import fma_gflops as fma_gflops
from echoic.ops.choice import kernel as kernel
from echoic.ops.choice import multiplies_bfloat16 as multiplies_bfloat16
from echoic.ops.chords import ChordWeights as ChordWeights
from echoic.ops.chords import chord_head as chord_head
from echoic.ops.first_order import first_order as first_order
from echoic.ops.layers import StackWeights as StackWeights
from echoic.ops.layers import gru as gru
from echoic.ops.layers import lstm as lstm
from echoic.ops.layers import stack as stack
from echoic.ops.live import LayerWeights as LayerWeights
from echoic.ops.live import live_network as live_network
from echoic.ops.precision import as_weights as as_weights
from echoic.ops.precision import in_float32 as in_float32
from echoic.ops.reference import gru_reference as gru_reference
from echoic.ops.reference import gru_update as gru_update
from echoic.ops.reference import lstm_reference as lstm_reference
from echoic.ops.reference import lstm_update as lstm_update
from echoic.ops.samples import SampleTier as SampleTier
from echoic.ops.samples import SampleWeights as SampleWeights
from echoic.ops.scan import linear_scan as linear_scan
