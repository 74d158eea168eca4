"""From series to what the network sees, and back. Fitted state is plain JSON."""

from echoic.codecs.characters import Characters as Characters
from echoic.codecs.frame import Frame as Frame
from echoic.codecs.frame import Framed as Framed
from echoic.codecs.frame import WindowFrame as WindowFrame
from echoic.codecs.logmel import LogMel as LogMel
from echoic.codecs.lowcut import LowCut as LowCut
from echoic.codecs.mulaw import MuLaw as MuLaw
from echoic.codecs.pianoroll import PianoRoll as PianoRoll
from echoic.codecs.scale import Scaler as Scaler
from echoic.codecs.spectrogram import Spectrogram as Spectrogram
