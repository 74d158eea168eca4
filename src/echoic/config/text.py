"""Settings of the text job."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from echoic.config.base import ComponentSettings, JobSettings, Section
from echoic.config.inputs import ON_ERROR, OnError
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.search import Choices
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


class TextDataSettings(Section):
    """How text is read."""

    panel: ClassVar[str] = "Data"

    encoding: str = Field("utf-8", description="Text encoding of the files.")
    tokenizer: Literal["characters", "bytes"] = Field(
        "characters",
        description="characters: one symbol per character. bytes: the bytes of UTF-8, none of which is ever unknown.",
    )
    vocabulary: Literal["train", "all"] = Field(
        "train",
        description=(
            "train: the characters of the train split. all: also those of dev and test; scores then assume that the "
            "characters there are known beforehand. All others are one unknown symbol, which is never generated."
        ),
    )
    on_error: OnError = ON_ERROR


class TextSplitSettings(Section):
    """How text is split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: FractionSplit = Field(
        (0.9, 0.05, 0.05), description="Fractions of train, dev and test, in this order within every file."
    )


class TextNetworkSettings(Section):
    """Embedding, mixture and truncated back-propagation."""

    embedding_dim: Annotated[int, Choices((16, 32, 64, 128))] = Field(64, ge=1, description="Embedding size.")
    tie_embeddings: bool = Field(
        default=False,
        description="Share the embedding with the output layer; the last recurrent layer then has the embedding size.",
    )
    network_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Weight of the network in the predicted distribution; the rest is an n-gram model of train. 1: the network "
            "alone. Default: chosen on dev."
        ),
    )
    tbptt_steps: int = Field(
        64, ge=1, description="Steps of truncated back-propagation through time; the state is carried across."
    )
    state_reset_steps: int = Field(
        4096,
        ge=1,
        description="Maximum number of steps over which the state is carried before it is reset.",
    )


class TextRequest(SampledRequest):
    """How to continue a text."""

    length: int = Field(500, ge=1, description="Number of characters (bytes, for a byte-level run).")
    prime: Any = Field(None, description="Text to continue. Default: a line break.")
    keep_prime: bool = Field(default=False, description="Write the prime before the generated text.")


class TextSettings(JobSettings):
    """Settings of `echoic train text`."""

    refused = frozenset({"input_noise_std"})

    request_class = TextRequest
    component_settings: ClassVar[ComponentSettings] = {
        "encoder": ("embedding_dim", "tie_embeddings"),
        "head": ("tie_embeddings",),
        "network": ("tie_embeddings",),
    }

    default_depends_on = dict.fromkeys(("layers", "dropout", "batch_size", "epochs"), "the length of the text")

    data: TextDataSettings = TextDataSettings()
    split: TextSplitSettings = TextSplitSettings()
    network: TextNetworkSettings = TextNetworkSettings()
    stack: StackSettings = StackSettings(cell="lstm")
    train: TrainSettings = TrainSettings(lr=2.5e-3, warmup_fraction=0.0)
