"""What stands in files and their names does not control the terminal."""

import sys
from pathlib import Path

import pytest

from echoic.cli import main
from echoic.cli.printing import printable
from echoic.cli.tables import print_columns, print_scores

ESCAPE = "\x1b]0;owned\x07"


def test_control_characters_are_escapes_and_all_other_text_is_unchanged() -> None:
    assert printable("a\x1b[31mb\x07\x9bc\r") == "a\\x1b[31mb\\x07\\x9bc\\x0d"
    assert printable("naïve 音\t[bold]\n") == "naïve 音\t[bold]\n"


def test_errors_of_the_command_show_the_escapes_of_a_file_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["echoic", "info", str(tmp_path / ESCAPE)])
    with pytest.raises(SystemExit, match="2"):
        main()
    said = capsys.readouterr().err
    assert "\\x1b]0;owned\\x07" in said
    assert "\x1b" not in said


def test_tables_show_the_escapes_of_titles_columns_and_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns(ESCAPE, [ESCAPE], [[ESCAPE]])
    print_scores(ESCAPE, {ESCAPE: {ESCAPE: 1.0}})
    shown = capsys.readouterr().out
    assert "\x1b]" not in shown
    assert "\x07" not in shown
    assert "x1b]0;owned" in shown
