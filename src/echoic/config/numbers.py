"""Numbers in text."""


def number_in(text: str) -> float:
    """The number that a text is, as `float` reads it, which also takes `4_0` for 40; here that is none.

    Raises:
        ValueError: it is no number.
    """
    try:
        if "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise ValueError(f"{text.strip()!r:.40} is no number")
