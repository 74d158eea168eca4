"""Data that arrive while they are used: bytes of sound, lines of values, notes step by step."""

from echoic.sources.live.pcm import PcmFormat as PcmFormat
from echoic.sources.live.pcm import PcmReader as PcmReader
from echoic.sources.live.rolls import RollReader as RollReader
from echoic.sources.live.rows import RowReader as RowReader
