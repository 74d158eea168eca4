"""Splits, windows and batches: the only place that decides what may be seen when."""

from echoic.windows.buckets import Buckets as Buckets
from echoic.windows.cut import Cut as Cut
from echoic.windows.cut import Drawn as Drawn
from echoic.windows.cut import InOrder as InOrder
from echoic.windows.cut import Order as Order
from echoic.windows.cut import Shuffled as Shuffled
from echoic.windows.cut import Streams as Streams
from echoic.windows.cut import Windows as Windows
from echoic.windows.cut import evenly as evenly
from echoic.windows.deal import deal as deal
from echoic.windows.deal import ranges_of as ranges_of
from echoic.windows.following import FollowingBatches as FollowingBatches
from echoic.windows.following import following as following
from echoic.windows.following import gathered as gathered
from echoic.windows.groups import deal_labelled as deal_labelled
from echoic.windows.panel import Panel as Panel
from echoic.windows.seeds import generator_of as generator_of
from echoic.windows.splits import PARTS as PARTS
from echoic.windows.splits import Ranges as Ranges
from echoic.windows.splits import joined as joined
from echoic.windows.splits import split as split
from echoic.windows.splits import whole as whole
