"""Encoding of series as network steps, and decoding. The fitted state is plain JSON."""

from echoic.codecs.characters import Characters as Characters
from echoic.codecs.highpass import HighPass as HighPass
from echoic.codecs.logmel import LogMel as LogMel
from echoic.codecs.mulaw import MuLaw as MuLaw
from echoic.codecs.pianoroll import PianoRoll as PianoRoll
from echoic.codecs.scale import Scaler as Scaler
from echoic.codecs.spectrogram import Spectrogram as Spectrogram
from echoic.codecs.units import Normalization as Normalization
from echoic.codecs.units import Units as Units
from echoic.codecs.window_normalizer import NormalizedWindow as NormalizedWindow
from echoic.codecs.window_normalizer import WindowNormalizer as WindowNormalizer
from echoic.codecs.window_normalizer import WindowStats as WindowStats
