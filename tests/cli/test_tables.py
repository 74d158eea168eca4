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


def test_methods_are_rows_where_they_do_not_fit_side_by_side(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    names = [f"method{number}" for number in range(9)]
    scores = {name: {"mae": number + 0.25, "mse": 1.5} for number, name in enumerate(names)}
    print_scores("few", {name: scores[name] for name in names[:3]})
    few = capsys.readouterr().out.split()
    assert few[few.index("mae") :][:4] == ["mae", "0.25", "1.25", "2.25"]
    print_scores("many", scores)
    out = capsys.readouterr().out
    many = out.split()
    assert many[many.index("method8") :][:3] == ["method8", "8.25", "1.5"]
    assert max(map(len, out.splitlines())) <= 60
