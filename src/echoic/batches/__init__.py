"""Batches for training and evaluation: samplers choose windows, collate functions read them, transforms change them."""

from echoic.batches.collate import NextStepCollate as NextStepCollate
from echoic.batches.collate import SequenceCollate as SequenceCollate
from echoic.batches.collate import StepCollate as StepCollate
from echoic.batches.collate import TextCollate as TextCollate
from echoic.batches.collate import gather as gather
from echoic.batches.collate import next_step_batch as next_step_batch
from echoic.batches.draws import Draws as Draws
from echoic.batches.loader import BatchLoader as BatchLoader
from echoic.batches.loader import Collate as Collate
from echoic.batches.loader import Transform as Transform
from echoic.batches.transforms import RandomGain as RandomGain
from echoic.batches.transforms import RareAsUnknown as RareAsUnknown
from echoic.batches.transforms import SubsampleLoss as SubsampleLoss
from echoic.batches.transposition import KEYS as KEYS
from echoic.batches.transposition import SongCollate as SongCollate
from echoic.batches.transposition import TransposedRolls as TransposedRolls
