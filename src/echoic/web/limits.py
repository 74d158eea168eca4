"""What a client may ask of the server."""

from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True)
class Limits:
    """Limits of the server and of each connection.

    Attributes:
        connections: open connections.
        message_bytes: largest message of a client, but for one with a state.
        state_bytes: largest message with a state, such as of sound held in a pause, or of many columns.
        messages_per_s: messages per second, on average over `burst_s`.
        speed: sound that may come per second, in multiples of real time.
        steps_per_s: characters, rows of values or steps of music that may come per second.
        burst_s: seconds for which a client may be faster.
        idle_s: seconds without a message after which a connection is closed.
        connected_s: seconds after which it is closed in any case.
        waiting_messages: messages that wait for a client that does not read; then it is dropped.
        generated_steps: most steps of one request to generate.
        streams: streams with different options that the server keeps.
    """

    connections: int = 1000
    message_bytes: int = 1 << 16
    state_bytes: int = 1 << 20
    messages_per_s: float = 200.0
    speed: float = 4.0
    steps_per_s: float = 2000.0
    burst_s: float = 10.0
    idle_s: float = 600.0
    connected_s: float = 12 * 3600.0
    waiting_messages: int = 64
    generated_steps: int = 1 << 20
    streams: int = 32

    def to_json(self) -> dict[str, Any]:
        """What a client must know to keep within them."""
        return {
            "message_bytes": self.message_bytes,
            "state_bytes": self.state_bytes,
            "messages_per_s": self.messages_per_s,
            "steps_per_s": self.steps_per_s,
            "speed": self.speed,
        }
