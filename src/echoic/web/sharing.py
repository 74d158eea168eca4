"""What one client of a run sends, for others that follow it: an open page shows a sensor."""

from collections.abc import Iterable
from typing import Any, Protocol, final

from echoic.web.outbox import Message

NO_SOURCE: dict[str, Any] = {"type": "source", "state": None}
"""The message that nobody shares anything now."""


class Member(Protocol):
    """A connection, as the source or a follower."""

    def place(self) -> Message:
        """The message that says where it is: its options, its state, its position and its last result."""

    def forward(self, payloads: Iterable[Message]) -> None:
        """Sends messages without waiting; a member that reads too slowly is dropped."""

    def replace(self) -> None:
        """Ends it, because another one shares its input now."""


@final
class Sharing:
    """The source of a run, one at a time, and its followers, each with a state of its own."""

    def __init__(self) -> None:
        self._source: Member | None = None
        self._followers: set[Member] = set()

    def share(self, source: Member) -> None:
        """Makes a connection the source, in place of the one before."""
        if self._source is not None and self._source is not source:
            self._source.replace()
        self._source = source
        self.announce(source)

    def announce(self, member: Member) -> None:
        """Tells the followers where the source is, wherever that does not follow from what they were sent."""
        if member is self._source:
            self._send([member.place()])

    def forward(self, member: Member, payloads: Iterable[Message]) -> None:
        """Sends what the source has sent to its followers."""
        if member is self._source:
            self._send(payloads)

    def unshare(self, member: Member) -> None:
        """The source shares nothing any more."""
        if member is self._source:
            self._source = None
            self._send([NO_SOURCE])

    def follow(self, follower: Member) -> None:
        """Sends a connection where the source is, and what it sends from now on."""
        self._followers.add(follower)
        follower.forward([NO_SOURCE if self._source is None else self._source.place()])

    def unfollow(self, follower: Member) -> None:
        """Sends a connection nothing any more."""
        self._followers.discard(follower)

    def leave(self, member: Member) -> None:
        """A connection has ended."""
        self.unfollow(member)
        self.unshare(member)

    def _send(self, payloads: Iterable[Message]) -> None:
        for follower in tuple(self._followers):
            follower.forward(payloads)
