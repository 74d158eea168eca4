"""Splits and the samplers of windows within them. All protection against leakage between splits is in this package."""

from echoic.windows.assign import assign_splits as assign_splits
from echoic.windows.assign import select_ranges as select_ranges
from echoic.windows.assign import stratified as stratified
from echoic.windows.buckets import BucketSampler as BucketSampler
from echoic.windows.chunks import ChunkSampler as ChunkSampler
from echoic.windows.excerpts import ExcerptSampler as ExcerptSampler
from echoic.windows.folds import assign_folds as assign_folds
from echoic.windows.folds import fold_names as fold_names
from echoic.windows.folds import natural_order as natural_order
from echoic.windows.index import Sampler as Sampler
from echoic.windows.index import WindowIndex as WindowIndex
from echoic.windows.panel import Panel as Panel
from echoic.windows.samplers import SequentialSampler as SequentialSampler
from echoic.windows.samplers import ShuffledSampler as ShuffledSampler
from echoic.windows.samplers import WeightedWindowSampler as WeightedWindowSampler
from echoic.windows.samplers import Windows as Windows
from echoic.windows.samplers import evenly_spaced as evenly_spaced
from echoic.windows.seeds import Purpose as Purpose
from echoic.windows.seeds import make_generator as make_generator
from echoic.windows.splits import SPLITS as SPLITS
from echoic.windows.splits import Ranges as Ranges
from echoic.windows.splits import empty_split as empty_split
from echoic.windows.splits import full_ranges as full_ranges
from echoic.windows.splits import merge_ranges as merge_ranges
from echoic.windows.splits import split_series as split_series
from echoic.windows.stratified import stratified_group_split as stratified_group_split
