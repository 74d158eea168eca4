"""What every way of scaling promises: fitted on what it is given, and undone within its error."""

import json
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from echoic.codecs import Scaler
from echoic.config.scale import ScaleMethod
from echoic.errors import DataError

METHODS = get_args(ScaleMethod)
ROUND_TRIP = 1e-6  # of the largest value or centre: float32 rounds four times on the way
LOG_ROUND_TRIP = 1e-5  # of each value: a logarithm below 14 rounds absolutely, and exp makes that relative
FLOAT32 = 1e-5


def table(steps: int, features: int, low: float, high: float) -> Any:
    numbers = st.floats(low, high, width=32, allow_nan=False)
    return arrays(np.float32, (steps, features), elements=numbers)


def values_for(method: str) -> Any:
    bounds = (2.0**-20, 2.0**20) if method == "log" else (-(2.0**20), 2.0**20)
    return st.integers(1, 12).flatmap(lambda steps: table(steps, 2, *bounds))


def largest_error(method: str, scaler: Scaler, values: torch.Tensor) -> torch.Tensor:
    if method == "log":
        return LOG_ROUND_TRIP * values.abs()
    return ROUND_TRIP * torch.maximum(values.abs().amax(), scaler.center.abs().amax())


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_decode_undoes_encode(method: str, data: Any) -> None:
    values = torch.from_numpy(data.draw(values_for(method)))
    scaler = Scaler.fit(method, ["a"], [values])
    encoded = scaler.encode(values[None], torch.tensor([0]))
    decoded = scaler.decode(encoded, torch.tensor([0]))[0]
    assert torch.isfinite(encoded).all()
    assert ((decoded - values).abs() <= largest_error(method, scaler, values)).all()


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_missing_values_stay_missing_and_count_nowhere(method: str, data: Any) -> None:
    values = torch.from_numpy(data.draw(values_for(method)))
    gaps = torch.full((len(values) + 3, 2), torch.nan)
    gaps[1 : len(values) + 1] = values
    whole, holed = Scaler.fit(method, ["a"], [values]), Scaler.fit(method, ["a"], [gaps])
    assert torch.equal(holed.center, whole.center)
    assert torch.equal(holed.scale, whole.scale)
    encoded = holed.encode(gaps[None], torch.tensor([0]))
    assert torch.equal(torch.isnan(encoded[0]), torch.isnan(gaps))
    assert torch.equal(torch.isnan(holed.decode(encoded, torch.tensor([0]))[0]), torch.isnan(gaps))


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_json_gives_back_every_bit(method: str, data: Any) -> None:
    values = torch.from_numpy(data.draw(values_for(method)))
    scaler = Scaler.fit(method, ["a", "b"], [values, 2 * values[:1]])
    again = Scaler.from_json(json.loads(json.dumps(scaler.to_json())))
    assert (again.names, again.log) == (scaler.names, scaler.log)
    assert again.center.dtype == torch.float64
    assert torch.equal(again.center, scaler.center)
    assert torch.equal(again.scale, scaler.scale)


@pytest.mark.parametrize("per_series", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_statistics_depend_on_the_train_split_alone(method: str, per_series: bool) -> None:
    rows = torch.rand(40, 2, generator=torch.Generator().manual_seed(0)) + 1
    before = Scaler.fit(method, ["a", "b"], [rows[:10], rows[20:30]], per_series=per_series)
    rows[10:20], rows[30:] = 1e6, torch.nan
    after = Scaler.fit(method, ["a", "b"], [rows[:10], rows[20:30]], per_series=per_series)
    assert torch.equal(after.center, before.center)
    assert torch.equal(after.scale, before.scale)


@pytest.mark.parametrize("value", [0.1, 1.0, 12345.678, 1e-6])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_column_has_scale_one(method: str, value: float) -> None:
    values = torch.full((7, 1), value)
    scaler = Scaler.fit(method, ["a"], [values])
    assert scaler.scale.item() == 1
    encoded = scaler.encode(values[None], torch.tensor([0]))
    if method != "none":
        assert encoded.abs().max() < FLOAT32
    torch.testing.assert_close(scaler.decode(encoded, torch.tensor([0]))[0], values)


@pytest.mark.parametrize("method", METHODS)
def test_a_column_without_values_is_left_as_it_is(method: str) -> None:
    scaler = Scaler.fit(method, ["a"], [torch.full((5, 1), torch.nan)])
    assert (scaler.center.item(), scaler.scale.item()) == (0, 1)


@pytest.mark.parametrize("method", METHODS)
def test_no_columns_are_no_problem(method: str) -> None:
    scaler = Scaler.fit(method, ["a"], [torch.zeros(5, 0)])
    again = Scaler.from_json(json.loads(json.dumps(scaler.to_json())))
    assert again.center.shape == (1, 0)
    assert again.encode(torch.zeros(3, 4, 0), torch.zeros(3, dtype=torch.long)).shape == (3, 4, 0)


STATISTICS: dict[str, Callable[[NDArray[np.float64]], tuple[float, float]]] = {
    "none": lambda _x: (0.0, 1.0),
    "standard": lambda x: (x.mean(), x.std()),
    "robust": lambda x: (np.median(x), np.subtract(*np.percentile(x, [75, 25]))),
    "minmax": lambda x: (x.min(), np.ptp(x)),
    "range": lambda x: (x.mean(), np.ptp(x)),
    "log": lambda x: (np.log(x).mean(), np.log(x).std()),
}


@pytest.mark.parametrize("per_series", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_statistics_are_those_the_method_names(method: str, per_series: bool) -> None:
    draw = np.random.default_rng(0)
    parts = [(draw.random((steps, 2)) * 9 + 1).astype(np.float32) for steps in (11, 6)]
    scaler = Scaler.fit(method, ["a", "b"], [torch.from_numpy(part) for part in parts], per_series=per_series)
    for series, own in enumerate(parts):
        seen = own if per_series else np.concatenate(parts)
        for feature in range(2):
            center, scale = STATISTICS[method](seen[:, feature].astype(np.float64))
            assert scaler.center[series, feature].item() == pytest.approx(center, rel=FLOAT32)
            assert scaler.scale[series, feature].item() == pytest.approx(scale, rel=FLOAT32)


@pytest.mark.parametrize("method", METHODS)
def test_every_row_is_scaled_as_its_series(method: str) -> None:
    parts = [torch.rand(9, 2) + 1, 100 * torch.rand(9, 2) + 50]
    scaler = Scaler.fit(method, ["a", "b"], parts)
    series = torch.tensor([1, 0, 1])
    batch = torch.stack([parts[number] for number in series.tolist()])
    encoded = scaler.encode(batch, series)
    for row, number in enumerate(series.tolist()):
        alone = Scaler.fit(method, ["x"], [parts[number]]).encode(parts[number][None], torch.tensor([0]))
        torch.testing.assert_close(encoded[row], alone[0])


@pytest.mark.parametrize("method", METHODS)
def test_many_series_at_once_have_the_statistics_of_each_alone(method: str) -> None:
    """Of unequal lengths, with gaps, constants, and columns without a value."""
    draw = torch.Generator().manual_seed(0)
    parts = [torch.rand(1 + number % 7, 2, generator=draw).double() + 1 for number in range(40)]
    for number, part in enumerate(parts):
        part[torch.rand(part.shape, generator=draw) < 0.2] = torch.nan
        part[:, number % 2] = {3: 7.0, 5: torch.nan, 8: 0.0}.get(number, part[:, number % 2])
    names = [str(number) for number in range(len(parts))]
    together = Scaler.fit(method, names, parts)
    for number, part in enumerate(parts):
        alone = Scaler.fit(method, ["x"], [part])
        for one, other in zip(together.select(["x"], torch.tensor([number])).tables, alone.tables, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-14, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_blocks_of_columns_have_the_statistics_of_each_column(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    draw = torch.Generator().manual_seed(0)
    parts = [torch.rand(steps, 11, generator=draw) + 1 for steps in (9, 4, 9)]
    for part in parts:
        part[2, 3] = part[1, 7] = torch.nan
    monkeypatch.setattr("echoic.codecs.scale._NUMBERS_AT_ONCE", 4 * 22)  # four columns of all 22 values
    together = Scaler.fit(method, ["a", "b", "c"], parts)
    for column in range(11):
        alone = Scaler.fit(method, ["a", "b", "c"], [part[:, [column]] for part in parts])
        assert torch.equal(together.center[:, [column]], alone.center)
        assert torch.equal(together.scale[:, [column]], alone.scale)


def test_log_refuses_negative_values_and_names_the_series() -> None:
    good = torch.ones(3, 1)
    with pytest.raises(DataError, match=r"'shop'.*negative values; choose a --scale other than log"):
        Scaler.fit("log", ["mart", "shop"], [good, torch.tensor([[1.0], [torch.nan], [-1.0]])])


@pytest.mark.parametrize("training", [[4.0, 8.0, 16.0], [0.0, 4.0, 16.0]])
def test_log_counts_zeros_as_half_the_smallest_positive_training_value(training: list[float]) -> None:
    scaler = Scaler.fit("log", ["a"], [torch.tensor(training)[:, None]])
    row = torch.tensor([0])
    encoded = scaler.encode(torch.tensor([0.0, -3.0, 2.0, torch.nan])[None, :, None], row)[0, :, 0]
    assert encoded[0] == encoded[1] == encoded[2]
    assert torch.isnan(encoded[3])
    assert scaler.decode(encoded[None, :1, None], row).item() == pytest.approx(2.0)


def test_a_scale_too_small_to_divide_by_is_not_used() -> None:
    values = torch.tensor([[-1e-45], [-1.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
    scaler = Scaler.fit("robust", ["a"], [values])
    torch.testing.assert_close(scaler.encode(values[None], torch.tensor([0]))[0], values)
