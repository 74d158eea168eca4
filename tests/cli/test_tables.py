import pytest

from echoic.cli.tables import print_scores


def test_headers_of_many_columns_break_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ("model", "histogram", "linear_prediction", "white noise", "silence", "shuffled frames", "loop")
    scores = {name: {"bits_per_sample": 7.159} for name in names}
    scores["model"] |= {"slope_high": -0.0002041}
    print_scores("scores", scores)
    out = capsys.readouterr().out
    assert all(word in out.split() for name in names for word in name.replace("_", " ").split())
    assert max(map(len, out.splitlines())) <= 80
