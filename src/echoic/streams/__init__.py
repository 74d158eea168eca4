"""Incremental inference: trained networks on chunks of sequences, with the state passed explicitly."""

from echoic.streams.base import Stream as Stream
from echoic.streams.detection import DetectionStream as DetectionStream
from echoic.streams.generation import GenerationStream as GenerationStream
from echoic.streams.kernel import KernelStream as KernelStream
from echoic.streams.live import GeneratingStream as GeneratingStream
from echoic.streams.live import LiveStream as LiveStream
from echoic.streams.network import NetworkStream as NetworkStream
