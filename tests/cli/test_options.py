"""Settings as options: what help shows of each, and what an option takes."""

import re

import pytest
from typer.testing import CliRunner

from echoic.cli import make_app


def help_of(job):
    found = CliRunner().invoke(make_app(["train", job]), ["train", job, "--help"], env={"COLUMNS": "200"})
    assert found.exit_code == 0
    return re.sub(r"\s+", " ", found.output)


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        ("forecast", "--lookahead step|direct|segments"),
        ("forecast", "--lags A,B,..."),
        ("forecast", "--refit / --no-refit"),
        ("forecast", "--epochs INTEGER Passes over the training windows. [default: by --lookahead]"),
        ("forecast", "--lookback INTEGER"),
        ("audio", "--split-by file|time"),
        ("audio", "--channel TEXT"),
        ("audio", "--epochs INTEGER Passes over the training windows. [default: 40]"),
        ("music", "--onsets / --no-onsets"),
    ],
)
def test_help_shows_choices_and_defaults_that_hold(job, shown):
    assert shown in help_of(job)
