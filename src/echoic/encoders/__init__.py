"""Encoders of input vectors as network steps. A new one is a file with an `Encoder` and a line in `ENCODERS`."""

from echoic.encoders.audio_codes import AudioCodes as AudioCodes
from echoic.encoders.base import Encoder as Encoder
from echoic.encoders.convnet import ConvNet as ConvNet
from echoic.encoders.convolution import Convolution as Convolution
from echoic.encoders.identity import Identity as Identity
from echoic.encoders.segments import Segments as Segments
from echoic.encoders.symbols import Embedding as Embedding
from echoic.encoders.symbols import OneHot as OneHot

ENCODERS: dict[str, type[Encoder]] = {
    "identity": Identity,
    "segments": Segments,
    "embedding": Embedding,
    "one_hot": OneHot,
    "audio_codes": AudioCodes,
    "convolution": Convolution,
}
