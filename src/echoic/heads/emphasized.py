"""A point prediction trained by its error-to-signal ratio after pre-emphasis."""

from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from echoic.heads.base import Params, Values
from echoic.heads.point import Point


@final
class EmphasizedPoint(Point):
    """A point prediction with the error-to-signal ratio of pre-emphasised signals as loss (Wright 2019).

    Targets of `loss` are pre-emphasised already, `y[t] - coefficient * y[t - 1]`; `energy` `(features,)` is their mean
    square in training, so that the mean loss over all steps is the ratio. Step 0 of a pass has no predecessor; mask it.
    """

    loss_is_stepwise: ClassVar[bool] = False
    energy: Float[Tensor, "features"]

    def __init__(self, width: int, features: int, coefficient: float, energy: Float[Tensor, "features"]) -> None:
        super().__init__(width, features, 1, "mse")
        self.coefficient = coefficient
        self.register_buffer("energy", energy.float(), persistent=False)

    def loss(self, params: Params, target: Values) -> Values:
        predicted = params[..., 0]
        before = functional.pad(predicted, (0, 0, 1, 0))[:, :-1]
        return (predicted - self.coefficient * before - target).square() / self.energy
