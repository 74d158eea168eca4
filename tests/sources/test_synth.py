import json

import numpy as np
import pytest

from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import DataReport, read
from echoic.sources.synth import SIGNALS, signal


@pytest.mark.parametrize("name", SIGNALS)
def test_signal_is_the_same_for_the_same_parameters(name: str) -> None:
    first, second = signal(name), signal(name)
    assert first.values.dtype == np.float64
    assert first.values.shape == (first.steps, 1)
    np.testing.assert_array_equal(first.values, second.values)
    assert np.isfinite(first.values).all()


def test_sine_is_that_of_the_first_notebook() -> None:
    series = signal("sine")
    assert series.steps == 50_001
    assert str(series.time.frequency) == "10 ms"
    residual = series.values[:, 0] - np.sin(2 * np.pi * np.arange(50_001) * 0.01)
    assert residual.std() == pytest.approx(0.02, rel=0.02)
    assert abs(residual.mean()) < 0.0005
    assert not np.array_equal(series.values, signal("sine", seed=1).values)


def test_sines_peak_at_their_three_frequencies() -> None:
    values = signal("sines", steps=4000, noise=0.0).values[:, 0]
    spectrum = np.abs(np.fft.rfft(values)) / 2000
    assert np.flatnonzero(spectrum > 0.1).tolist() == [10, 40, 100]
    assert spectrum[[10, 40, 100]] == pytest.approx([0.5, 1, 0.25], abs=1e-3)


def test_rate_that_is_no_whole_number_of_microseconds_counts_steps() -> None:
    assert signal("sine", steps=10, rate_hz=3.0).time.frequency.unit == "step"


@pytest.mark.parametrize(
    ("name", "steps", "low", "high"),
    [
        ("o2-sine-short", 100, 5, 15),
        ("o2-sine-long", 1000, 5, 15),
        ("o2-noisy", 1000, -5, 15),
        ("o2-growing", 1000, -100, 110),
        ("o2-random-amplitude", 1000, -10, 20),
    ],
)
def test_study_functions_have_their_length_and_range(name: str, steps: int, low: int, high: int) -> None:
    values = signal(name).values
    assert len(values) == steps
    assert low <= values.min()
    assert values.max() <= high


def test_text_names_a_signal_and_its_parameters() -> None:
    dataset = read("synth:sine,steps=100,noise=0,rate_hz=50", TableSettings())
    np.testing.assert_array_equal(dataset.series[0].values, signal("sine", steps=100, noise=0, rate_hz=50.0).values)
    assert dataset.origin == "synth:sine,steps=100,noise=0,rate_hz=50"
    assert isinstance(dataset.report, DataReport)
    assert dataset.report.values == 100
    assert dataset.fingerprint == read("synth:sine,noise=0.0,rate_hz=50,steps=100").fingerprint
    assert dataset.fingerprint != read("synth:sine,steps=100").fingerprint
    assert json.loads(json.dumps(dataset.report.to_json()))["notes"] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synth:", "there is no signal ''; there are sine"),
        ("synth:sin", "no signal 'sin', did you mean 'sine'"),
        ("synth:sine,step=3", "no parameter 'step', did you mean 'steps'"),
        ("synth:o2-sine-long,seed=3", "no parameter 'seed'; it takes none"),
        ("synth:sine,steps", "'steps' must have the form key=value"),
        ("synth:sine,steps=1", "`steps` must be a whole number from 2"),
        ("synth:sine,steps=2.5", "`steps` must be a whole number"),
        ("synth:sine,steps=999999999999", "`steps` must be a whole number from 2 to 100000000"),
        ("synth:sine,noise=nan", "`noise` must be a number from 0"),
        ("synth:sine,rate_hz=0", "`rate_hz` must be a number"),
        ("synth:sine,seed=-1", "`seed` must be a whole number from 0"),
    ],
)
def test_bad_signal_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(text)


def test_columns_cannot_be_named() -> None:
    with pytest.raises(ConfigError, match="`target` names a column, but a synthetic signal has no named columns"):
        read("synth:sine", TableSettings(target="y"))
