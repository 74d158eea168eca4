"""Numbers of things in sentences."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 row`, `2,000 rows`; `plural` is that of nouns that take more than an s at their end."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def were(count: int, noun: str, plural: str | None = None) -> str:
    """`1 row was`, `2,000 rows were`."""
    return f"{counted(count, noun, plural)} {'was' if count == 1 else 'were'}"
