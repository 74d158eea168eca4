"""Standard MIDI files: reading, and the grid of steps that notes are laid on."""

from echoic.sources.midi.grid import GridRoll as GridRoll
from echoic.sources.midi.grid import to_grid as to_grid
from echoic.sources.midi.grid import to_notes as to_notes
from echoic.sources.midi.reading import read_songs as read_songs
