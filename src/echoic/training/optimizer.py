"""Adam, AdamW and SGD by torch's fused kernels, without the classes of `torch.optim`.

Those import `torch._dynamo` at their first use, which takes as long as importing torch itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, final

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
"""Momentum of SGD."""

BETAS = (0.9, 0.999)
"""Decays of the averages of gradients and of their squares (Adam, AdamW)."""

EPSILON = 1e-8
"""Added to the root of the averaged squares (Adam, AdamW)."""

_BUFFERS = {"adam": ("exp_avg", "exp_avg_sq"), "adamw": ("exp_avg", "exp_avg_sq"), "sgd": ("momentum_buffer",)}
_ADAM: dict[str, Callable[..., None]] = {"adam": torch._fused_adam_, "adamw": torch._fused_adamw_}


@final
class Optimizer:
    """Updates parameters by their gradients, with the same results as `torch.optim` with `fused=True`.

    Args:
        parameters: those to update; a parameter without a gradient is left as it is.
        kind: Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019), or SGD with momentum.
        weight_decay: decoupled from the gradient for AdamW, added to it otherwise.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], kind: Literal["adam", "adamw", "sgd"], weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        self.kind = kind
        self.weight_decay = weight_decay
        self.state: dict[int, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Removes all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update with learning rate `lr`."""
        # The kernels update tensors of one device and type at a time.
        groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                groups.setdefault((parameter.device, parameter.dtype), []).append(number)
                if number not in self.state:
                    self.state[number] = self._initial(parameter)
        for numbers in groups.values():
            self._update(numbers, lr)

    def tensors(self) -> dict[str, Tensor]:
        """The state under flat names, for a checkpoint; empty before the first step."""
        return {f"{number}.{name}": tensor for number, entry in self.state.items() for name, tensor in entry.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restores what `tensors` returned.

        Raises:
            ValueError: a tensor belongs to no parameter, or has the wrong shape.
        """
        state: dict[int, dict[str, Tensor]] = {}
        for full_name, tensor in tensors.items():
            number, _, name = full_name.partition(".")
            state.setdefault(int(number), {})[name] = tensor
        self.state = {number: self._restored(number, entry) for number, entry in state.items()}

    def _initial(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        entry = {name: torch.zeros_like(parameter) for name in _BUFFERS[self.kind]}
        if self.kind != "sgd":
            entry["step"] = torch.zeros((), device=parameter.device)
        return entry

    def _restored(self, number: int, entry: dict[str, Tensor]) -> dict[str, Tensor]:
        if not 0 <= number < len(self.parameters):
            raise ValueError(f"optimizer.{number} belongs to no parameter")
        initial = self._initial(self.parameters[number])
        if {name: tensor.shape for name, tensor in entry.items()} != {name: one.shape for name, one in initial.items()}:
            raise ValueError(f"optimizer.{number} does not fit its parameter")
        return {name: tensor.to(initial[name]) for name, tensor in entry.items()}

    def _update(self, numbers: Sequence[int], lr: float) -> None:
        parameters: list[Tensor] = [self.parameters[number] for number in numbers]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        buffers = [[self.state[number][name] for number in numbers] for name in _BUFFERS[self.kind]]
        if self.kind == "sgd":
            torch._fused_sgd_(
                parameters,
                gradients,
                *buffers,
                weight_decay=self.weight_decay,
                momentum=MOMENTUM,
                lr=lr,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
            return
        steps = [self.state[number]["step"] for number in numbers]
        torch._foreach_add_(steps, 1)
        _ADAM[self.kind](
            parameters,
            gradients,
            *buffers,
            [],
            steps,
            lr=lr,
            beta1=BETAS[0],
            beta2=BETAS[1],
            weight_decay=self.weight_decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
