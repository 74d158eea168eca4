"""What networks and codecs of sound share: levels, their noise, loudness, and linear prediction that stays stable."""

from echoic.sound.companding import companded as companded
from echoic.sound.companding import expanded as expanded
from echoic.sound.lattice import reflections_of as reflections_of
from echoic.sound.lattice import weights_of as weights_of
from echoic.sound.loudness import LOUDNESSES as LOUDNESSES
from echoic.sound.loudness import loudness_of as loudness_of
from echoic.sound.loudness import power_of as power_of
from echoic.sound.noise import LevelNoise as LevelNoise
