"""What clients send as text: JSON objects with a `type`, checked field by field."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from echoic.config.base import validation_message
from echoic.errors import DataError

Seed = Annotated[int, Field(ge=0, lt=2**31)]
Pitches = list[Annotated[int, Field(ge=0, le=127)]]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Start(_Message):
    """Begins a sequence, or resumes one: the first message."""

    type: Literal["start"]
    options: dict[str, Any] = Field({}, description="Options of the stream: rate_hz, pause_s, series.", max_length=8)
    samples: Literal["f32", "s16"] = Field("f32", description="Samples of binary messages.")
    state: str | None = Field(None, description="A state from a message of that type; None: a new sequence.")
    position: int = Field(0, ge=0, lt=2**53, description="Its position.")
    seed: Seed = Field(0, description="Random seed of what is generated.")
    frames: bool = Field(default=False, description="Send the probabilities of frames as well.")
    sound: bool = Field(default=False, description="Send the sound that comes out, of runs that make some.")
    share: bool = Field(default=False, description="Send what comes to the clients that follow this run, too.")


class Step(_Message):
    """A step of music: the pitches that sound, and those of them that begin, even if they sounded before."""

    pitches: Pitches
    onsets: Pitches = []


class Push(_Message):
    """Data of a run that takes no sound: exactly one of the fields."""

    type: Literal["push"]
    values: list[list[float | None]] | None = Field(None, max_length=10_000)
    text: str | None = None
    steps: list[Pitches | Step] | None = Field(None, max_length=10_000)


class Generate(_Message):
    """Lets the network continue the state."""

    type: Literal["generate"]
    length: int = Field(ge=1)
    options: dict[str, Any] = Field({}, max_length=8)
    keep: bool = Field(default=False, description="The sequence continues at the end of what is generated.")
    seed: Seed | None = Field(None, description="Another random seed: another future.")
    id: str = Field("", max_length=64, description="Comes back with what is generated.")


class Simple(_Message):
    """save: send the state. reset: start again. finish: the sequence ends. follow: send what another client shares."""

    type: Literal["save", "reset", "finish", "follow", "unfollow"]


AnyMessage = Start | Push | Generate | Simple

_READER: TypeAdapter[AnyMessage] = TypeAdapter(Annotated[AnyMessage, Field(discriminator="type")])


def read_message(text: str) -> AnyMessage:
    """The message in a text frame.

    Raises:
        DataError: it is none; the message names the field.
    """
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        raise DataError(f"This message is not understood: {validation_message(error)}") from None
    except (ValueError, RecursionError):
        raise DataError("This message is no JSON.") from None
