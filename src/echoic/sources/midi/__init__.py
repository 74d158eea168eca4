"""Standard MIDI files: reading, writing, and the grid of steps that notes are laid on."""

from echoic.sources.midi.grid import Rolled as Rolled
from echoic.sources.midi.grid import rolled as rolled
from echoic.sources.midi.grid import unrolled as unrolled
from echoic.sources.midi.reading import read_songs as read_songs
from echoic.sources.midi.writing import midi_bytes as midi_bytes
