import pytest

from echoic.cli.tables import print_columns, print_scores, short_number


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


@pytest.mark.parametrize("columns", [50, 80])
def test_large_numbers_are_never_broken_nor_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    """Scores in units of the data, of values of ten digits, for as many methods and scores as forecasts have."""
    monkeypatch.setenv("COLUMNS", str(columns))
    scores = ("mse", "mae", "rmse", "smape", "mase", "crps", "coverage_80", "coverage_95", "owa")
    methods = {
        f"method{number}": {score: (8.675309e17 + 1e15 * place) * 10**-number for place, score in enumerate(scores)}
        for number in range(9)
    }
    print_scores("large", methods)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    found = [word for line in out.splitlines() for word in line.split() if line.strip().startswith("method")]
    expected = {short_number(value, 3) for row in methods.values() for value in row.values()}
    assert {word for word in found if not word.startswith("method")} == expected


def test_dates_beside_large_numbers_are_not_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    headers = ["unique_id", "ds", "target", "mean", "lo-80", "hi-80", "lo-95", "hi-95"]
    print_columns("forecast", headers, [["big", "2025-02-04", "y", *["-1.174e+09"] * 5]])
    out = capsys.readouterr().out
    assert "2025-02-04" in out.split()
    assert out.split().count("-1.174e+09") == 4  # the others fill 80 columns
    assert "... 1 more column; write all with -o FILE" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("value", "text"), [(0.25, "0.25"), (1234.6, "1235"), (8.675e17, "8.675e17"), (-3.14e-9, "-3.14e-9"), (0, "0")]
)
def test_numbers_have_a_short_exponent(value: float, text: str) -> None:
    assert short_number(value) == text


def test_times_with_a_zone_stand_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    time = "2024-11-01T22:00+01:00"
    print_columns(
        "forecast", ["unique_id", "ds", "target", "mean", "lo-80", "hi-80"], [["meter", time, "y", *["9.5"] * 3]]
    )
    assert time in capsys.readouterr().out
