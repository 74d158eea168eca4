"""From hidden vectors to the vectors that are predicted from. To add one: a file with a `Readout`, a line here."""

from echoic.readouts.attention import Attention as Attention
from echoic.readouts.base import Readout as Readout
from echoic.readouts.base import Seen as Seen
from echoic.readouts.beside import Beside as Beside
from echoic.readouts.every import Every as Every
from echoic.readouts.horizon import Horizon as Horizon
from echoic.readouts.last import Last as Last
from echoic.readouts.mean import Mean as Mean

READOUTS: dict[str, type[Readout]] = {
    "every": Every,
    "beside": Beside,
    "last": Last,
    "mean": Mean,
    "attention": Attention,
    "horizon": Horizon,
}
