"""Signal processing shared by networks and codecs: mu-law, code noise, loudness, stable linear prediction."""

from echoic.sound.companding import compand as compand
from echoic.sound.companding import expand as expand
from echoic.sound.lattice import reflections_from_weights as reflections_from_weights
from echoic.sound.lattice import weights_from_reflections as weights_from_reflections
from echoic.sound.loudness import NUM_LOUDNESS_LEVELS as NUM_LOUDNESS_LEVELS
from echoic.sound.loudness import loudness_power as loudness_power
from echoic.sound.loudness import quantize_loudness as quantize_loudness
from echoic.sound.noise import CodeNoise as CodeNoise
