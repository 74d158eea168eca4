"""What sits on the hidden vectors. To add one: a file with a `Head`, and a line in `HEADS`."""

from echoic.heads.base import Head as Head
from echoic.heads.gaussian import Gaussian as Gaussian
from echoic.heads.point import Point as Point
from echoic.heads.quantiles import Quantiles as Quantiles
from echoic.heads.student_t import StudentT as StudentT

HEADS: dict[str, type[Head]] = {"point": Point, "gaussian": Gaussian, "student_t": StudentT, "quantiles": Quantiles}
