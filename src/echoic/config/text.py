"""Settings of the text job: its sections, and the fields that only it has."""

from typing import Any, Literal

from pydantic import Field

from echoic.config.base import JobSettings, Section
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


class TextDataSettings(Section):
    """How text is read."""

    encoding: str = Field("utf-8", description="Text encoding of the files.")
    tokenizer: Literal["characters", "bytes"] = Field(
        "characters", description="A step is a character (the training part's are known), or a byte of UTF-8 (all are)."
    )


class TextSplitSettings(Section):
    """How the text is cut into train, dev and test."""

    split: FractionSplit = Field(
        (0.9, 0.05, 0.05), description="Shares of train, dev and test, in this order in every file."
    )


class TextNetworkSettings(Section):
    """How symbols enter and leave the network."""

    embedding_dim: int = Field(64, ge=1, description="Numbers that stand for a symbol.")
    tie_embeddings: bool = Field(
        default=False, description="Use the embedding for the output too (the last layer then has its width)."
    )
    unknown_char: str | None = Field(
        None,
        description="What a character that the training part does not have is read as, such as a space. By default it "
        "is an error.",
    )
    tbptt_steps: int = Field(64, ge=1, description="Steps that gradients go back; the state is carried further.")
    state_reset_steps: int = Field(
        4096,
        ge=1,
        description="Steps over which the state is carried at most; then a stream begins without one, as in use.",
    )


class TextRequest(SampledRequest):
    """How to continue a text."""

    length: int = Field(500, ge=1, description="Number of characters (bytes, for a byte-level run).")
    prime: Any = Field(None, description="Text to continue. Default: a line break.")
    keep_prime: bool = Field(default=False, description="Write the prime before the generated text.")


class TextSettings(JobSettings):
    """Settings of `echoic train text`."""

    request_class = TextRequest

    data: TextDataSettings = TextDataSettings()
    split: TextSplitSettings = TextSplitSettings()
    network: TextNetworkSettings = TextNetworkSettings()
    stack: StackSettings = StackSettings(cell="lstm", layers=(512,))
    train: TrainSettings = TrainSettings(epochs=10, batch_size=32, lr=2.5e-3, warmup_fraction=0.0)
