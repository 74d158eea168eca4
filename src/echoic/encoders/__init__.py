"""From input vectors to network steps. To add one: a file with an `Encoder`, and a line in `ENCODERS`."""

from echoic.encoders.base import Encoder as Encoder
from echoic.encoders.plain import Plain as Plain
from echoic.encoders.segments import Segments as Segments

ENCODERS: dict[str, type[Encoder]] = {"plain": Plain, "segments": Segments}
