"""Writers of output files, one module per kind: tables, MIDI, sound."""
