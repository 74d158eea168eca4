"""Output layers with their losses. A new one is a file with a `Head` and a line in the table of its kind."""

from echoic.heads.audio_samples import AudioSamples as AudioSamples
from echoic.heads.audio_samples import SourceStats as SourceStats
from echoic.heads.base import Head as Head
from echoic.heads.base import SymbolHead as SymbolHead
from echoic.heads.base import ValueHead as ValueHead
from echoic.heads.bernoulli import Bernoulli as Bernoulli
from echoic.heads.categorical import Categorical as Categorical
from echoic.heads.ctc import CTC as CTC
from echoic.heads.emphasized import EmphasizedPoint as EmphasizedPoint
from echoic.heads.gaussian import Gaussian as Gaussian
from echoic.heads.joint import Joint as Joint
from echoic.heads.point import Point as Point
from echoic.heads.quantiles import Quantiles as Quantiles
from echoic.heads.sampling import Sampling as Sampling
from echoic.heads.student_t import StudentT as StudentT

HEADS: dict[str, type[ValueHead]] = {
    "point": Point,
    "gaussian": Gaussian,
    "student_t": StudentT,
    "quantiles": Quantiles,
}
"""Heads for real numbers."""

SYMBOL_HEADS: dict[str, type[SymbolHead]] = {
    "categorical": Categorical,
    "bernoulli": Bernoulli,
    "joint": Joint,
    "audio_samples": AudioSamples,
    "ctc": CTC,
}
"""Heads for classes, for sets of notes and for the codes of audio samples."""
