"""Reading of Standard MIDI files, and quantization of notes to a grid."""

from echoic.sources.midi.grid import GridRoll as GridRoll
from echoic.sources.midi.grid import Moves as Moves
from echoic.sources.midi.grid import edges_of as edges_of
from echoic.sources.midi.grid import to_grid as to_grid
from echoic.sources.midi.grid import to_notes as to_notes
from echoic.sources.midi.reading import read_songs as read_songs
from echoic.sources.midi.rhythm import BetterGrid as BetterGrid
from echoic.sources.midi.rhythm import better_grid as better_grid
