"""From input vectors to network steps. To add one: a file with an `Encoder`, and a line in `ENCODERS`."""

from echoic.encoders.base import Encoder as Encoder
from echoic.encoders.convolution import Convolution as Convolution
from echoic.encoders.levels import Levels as Levels
from echoic.encoders.picture import Picture as Picture
from echoic.encoders.plain import Plain as Plain
from echoic.encoders.segments import Segments as Segments
from echoic.encoders.symbols import Embedding as Embedding
from echoic.encoders.symbols import OneHot as OneHot

ENCODERS: dict[str, type[Encoder]] = {
    "plain": Plain,
    "segments": Segments,
    "embedding": Embedding,
    "one_hot": OneHot,
    "levels": Levels,
    "convolution": Convolution,
}
