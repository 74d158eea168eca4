"""What all reports on data have: counts as fields, and notes."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from echoic.sources.usable import skipped_notes


class CountsReport(abc.ABC):
    """Counts of the data, the fields of a dataclass, with notes on them. `skipped` says why inputs were left out."""

    noun: ClassVar[str]
    """Name of what is skipped, as a sentence begins with it: Files."""

    skipped: tuple[str, ...]

    @property
    @abc.abstractmethod
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        applicable = (note for note, applies in self.candidates.items() if applies)
        return (*applicable, *skipped_notes(self.skipped, self.noun))

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        counts: Any = self  # a dataclass
        return dataclasses.asdict(counts) | {"notes": list(self.notes)}
