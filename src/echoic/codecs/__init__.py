"""From series to what the network sees, and back. Fitted state is plain JSON."""

from echoic.codecs.frame import Frame as Frame
from echoic.codecs.frame import Framed as Framed
from echoic.codecs.frame import WindowFrame as WindowFrame
from echoic.codecs.scale import Scaler as Scaler
