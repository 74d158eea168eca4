"""Messages of errors are one line that a terminal can show, whatever stands in files."""

import pytest

from echoic.errors import DataError, EchoicError, RunError


@pytest.mark.parametrize("kind", [EchoicError, DataError, RunError])
def test_control_characters_of_files_are_shown_as_escapes(kind: type[EchoicError]) -> None:
    assert str(kind("a\x1b[31m.csv\nline 2\u202e: no")) == "a\\x1b[31m.csv line 2\\u202e: no"


def test_letters_of_all_scripts_are_shown_as_they_are() -> None:
    name = "\N{LATIN SMALL LETTER O WITH DIAERESIS}\N{CJK UNIFIED IDEOGRAPH-4E2D}.csv: no such file"
    assert str(DataError(name)) == name


@pytest.mark.parametrize(("name", "shown"), [("x", "x"), ("\0", "\\x00")])
def test_the_middle_of_an_endless_message_is_left_out(name: str, shown: str) -> None:
    message = str(DataError("a.csv: " + name * 10**5 + "; correct it."))
    assert message.startswith("a.csv: " + shown * 3)
    assert message.endswith(shown + "; correct it.")
    assert len(message) < 2000
