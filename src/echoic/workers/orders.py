"""Orders to workers: plain values that cross a pipe as lines of JSON."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar


class Order(Protocol):
    """A named tuple that JSON can hold."""

    @property
    def name(self) -> str:
        """Tells orders apart."""

    def _asdict(self) -> dict[str, Any]: ...


O = TypeVar("O", bound=Order)  # noqa: E741 (as the job's settings are S)


class Orders(Protocol[O]):
    """What workers have to do."""

    def next(self) -> O | None:
        """The next order; None: there is none now."""

    def is_over(self) -> bool:
        """Whether there is none later either; asked when there is none now, and none is being carried out."""

    def report(self, order: O, report: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Takes a report on the way; a line for the worker if it waits for one."""

    def steps(self, order: O) -> int:
        """How far an order is, such as its saved training steps."""

    def answered(self, order: O, answer: Mapping[str, Any]) -> None:
        """Takes the end of an order."""

    def failed(self, order: O, reason: str) -> None:
        """Takes the failure of an order, in one sentence."""
