"""Frozen settings of every job. Nothing here imports torch, so that help and errors are quick."""

from echoic.config.audio import AudioDataSettings as AudioDataSettings
from echoic.config.audio import AudioSettings as AudioSettings
from echoic.config.audio import FastTierSettings as FastTierSettings
from echoic.config.base import JobSettings as JobSettings
from echoic.config.base import Section as Section
from echoic.config.base import assignments as assignments
from echoic.config.base import read_toml as read_toml
from echoic.config.calendar import CalendarSettings as CalendarSettings
from echoic.config.classify import ClassifySettings as ClassifySettings
from echoic.config.classify import ClipDataSettings as ClipDataSettings
from echoic.config.detect import DetectSettings as DetectSettings
from echoic.config.detect import EventDataSettings as EventDataSettings
from echoic.config.forecast import ForecastSettings as ForecastSettings
from echoic.config.map import MapDataSettings as MapDataSettings
from echoic.config.map import MapSettings as MapSettings
from echoic.config.model import HeadSettings as HeadSettings
from echoic.config.model import StackSettings as StackSettings
from echoic.config.music import MusicDataSettings as MusicDataSettings
from echoic.config.music import MusicSettings as MusicSettings
from echoic.config.text import TextDataSettings as TextDataSettings
from echoic.config.text import TextSettings as TextSettings
from echoic.config.train import TrainSettings as TrainSettings
from echoic.config.transcribe import TranscribeSettings as TranscribeSettings
from echoic.config.transcribe import TranscriptDataSettings as TranscriptDataSettings
