import pytest

from echoic.types.counted import counted, were


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 classes were"), (1, "1 class was"), (2, "2 classes were"), (1000, "1,000 classes were")]
)
def test_one_thing_is_singular(count: int, text: str) -> None:
    assert were(count, "class", "classes") == text
    assert counted(count, "class", "classes") == text.rsplit(" ", 1)[0]
    assert counted(count, "row") == f"{count:,} row" + ("" if count == 1 else "s")
