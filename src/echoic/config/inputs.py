"""What to do with inputs that cannot be used, in every job."""

from typing import Any, Literal

from pydantic import Field

OnError = Literal["skip", "stop"]

ON_ERROR: Any = Field(
    "skip",
    description=(
        "Files, clips and series that cannot be used. skip: leave them out, count and list them. stop: stop, and name "
        "all of them."
    ),
)
