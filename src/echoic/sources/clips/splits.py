"""The split of a clip or recording, as tables name it."""

from echoic.sources.table import Table, quoted
from echoic.types.annotations import SplitName

SPLIT_NAMES: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "val": "dev",
    "test": "test",
    "eval": "test",
}


def split_named(table: Table, row: int, cell: str) -> SplitName:
    """The split that a cell names.

    Raises:
        DataError: it names none.
    """
    split = SPLIT_NAMES.get(cell.lower())
    if split is None:
        raise table.error(f"the split must be train, dev or test, got {quoted(cell)}.", row=row)
    return split
