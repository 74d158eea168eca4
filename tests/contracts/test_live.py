"""The contract of the stream of every run: the offline result from any chunks, states that are values and bytes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from job_data import beeps, hum, lines, signals, sine, tunes
from narrowing import expect_type

import echoic
from echoic.api.run import Run
from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.errors import ConfigError, DataError
from echoic.forecasting.levels import LEVELS
from echoic.jobs import JOBS
from echoic.jobs.music.compose import continue_song
from echoic.jobs.music.task import rolls_of
from echoic.streams.live import GeneratingStream, LiveStream

COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}
FLOAT32 = 2e-6
EXACT = 0.0

CUTS: dict[str, Callable[[int], list[int]]] = {
    "one": lambda total: [1] * min(total, 25) + [max(0, total - 25)],
    "primes": lambda total: [2, 7, 0, 3, 11, 5, 101, max(0, total - 129)],
    "whole": lambda total: [total],
}
"""Sizes of the chunks of a sequence of so many steps."""


class Case(NamedTuple):
    """A run, a sequence to push, what all results together are as numbers, and the same from the run offline."""

    run: Run
    data: Any
    joined: Callable[[list[Any]], np.ndarray]
    offline: Callable[[], np.ndarray]
    tolerance: float
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    @property
    def stream(self) -> LiveStream[Any, Any, Any]:
        return self.run.stream(**self.options)


def events(rows: list[tuple[float, float, float]]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(-1, 3)


def found_events(results: list[Any]) -> np.ndarray:
    return events([(one.onset_s, one.offset_s, one.confidence) for result in results for one in result.events])


def detect(folder: Path, **settings: Any) -> Case:
    small = {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5, "lr": 2e-2} | settings
    run = echoic.train("detect", signals(folder), out=folder / "run", **COMMON | small | {"epochs": 12})
    file = next(folder.glob("test*.wav"))

    def offline() -> np.ndarray:
        table = run.predict(file)
        assert len(table["onset_s"]) > 3  # there is something to compare
        return events(list(zip(table["onset_s"], table["offset_s"], table["confidence"], strict=True)))

    return Case(run, soundfile.read(file, dtype="float32")[0], found_events, offline, FLOAT32)


def detect_late_in_strides(folder: Path) -> Case:
    return detect(folder, conv_channels=(4, 4), conv_stride=3, delay_ms=40)


def detect_without_convolutions(folder: Path) -> Case:
    return detect(folder, conv_channels=(), cell="lstm")


def detect_sensors(folder: Path) -> Case:
    draws = np.random.default_rng(0)
    labels = ["" if at // 20 % 2 else ("a", "b")[at // 40 % 2] for at in range(1200)]
    level = np.array([{"": 0.0, "a": 1.0, "b": -1.0}[label] for label in labels])
    values = np.stack([level, -level], 1) + 0.1 * draws.standard_normal((1200, 2))
    pl.DataFrame({"x": values[:, 0], "y": values[:, 1], "label": labels}).write_csv(folder / "sensors.csv")
    run = echoic.train(
        "detect", folder / "sensors.csv", out=folder / "run", step_rate_hz=50, **COMMON | {"epochs": 8, "lr": 2e-2}
    )

    def offline() -> np.ndarray:
        table = run.predict(values[:600])
        assert len(table["onset_s"]) > 3  # there is something to compare
        return events(list(zip(table["onset_s"], table["offset_s"], table["confidence"], strict=True)))

    return Case(run, values[:600], found_events, offline, FLOAT32)


def classify(folder: Path, **settings: Any) -> Case:
    run = echoic.train("classify", beeps(folder), out=folder / "run", n_mels=8, batch_size=4, **COMMON | settings)
    file = folder / "2-None.wav"

    def joined(results: list[Any]) -> np.ndarray:
        (clip,) = [one for result in results for one in result.ended]
        return np.array([clip.offset_s, *clip.probs])

    def offline() -> np.ndarray:
        table, sound = run.predict(file), soundfile.info(file)
        return np.array([sound.duration, *(table[f"p({name})"][0] for name in ("high", "low"))])

    return Case(run, soundfile.read(file, dtype="float32")[0], joined, offline, FLOAT32)


def classify_by_attention(folder: Path) -> Case:
    return classify(folder, pooling="attention", conv_channels=(4, 4), conv_stride=2)


def classify_by_the_last_step(folder: Path) -> Case:
    return classify(folder, pooling="last", cell="lstm")


def forecast(folder: Path, **settings: Any) -> Case:
    values = sine(folder).astype(np.float64) + 5
    small = {"split": (240, 80, 80), "lookback": 24, "horizon": 4} | settings
    run = echoic.train("forecast", values, out=folder / "run", **COMMON | small)
    data = values[: 24 + 100]

    def joined(results: list[Any]) -> np.ndarray:
        last = next(result for result in reversed(results) if result is not None)
        return np.concatenate([last.mean[:, 0], *(last.quantiles[LEVELS.index(one), :, 0] for one in (0.1, 0.9))])

    def offline() -> np.ndarray:
        table = run.predict(data)
        return np.concatenate([table[name] for name in ("mean", "lo-80", "hi-80")])

    return Case(run, data, joined, offline, EXACT)


def forecast_by_steps(folder: Path) -> Case:
    return forecast(folder, strategy="recursive", head="gaussian", network_weight=1.0)


def forecast_by_segments(folder: Path) -> Case:
    return forecast(folder, strategy="segments")


def text(folder: Path, **settings: Any) -> Case:
    small = {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10} | settings
    run = echoic.train("text", lines(folder), out=folder / "run", **COMMON | small)
    data = "abcdefghij" * 15 + "bad?"

    def offline() -> np.ndarray:
        stream, state = run.stream(), run.stream().start()
        rows = []
        for number in range(len(data)):  # character by character, each from a state of its own
            row, state = stream.push(data[number], state)
            rows.append(row)
        return np.concatenate(rows)

    return Case(run, data, np.concatenate, offline, FLOAT32)


def text_of_bytes(folder: Path) -> Case:
    return text(folder, tokenizer="bytes")


def text_of_a_mixture(folder: Path) -> Case:
    return text(folder, network_weight=0.5)


def music(folder: Path) -> Case:
    run = echoic.train("music", tunes(folder), out=folder / "run", **COMMON)
    roll: Roll = np.concatenate([rolls_of([one])[0] for one in run.fitted.task.songs("train")])

    def offline() -> np.ndarray:
        task, model = run.fitted.task, run.model
        steps = torch.from_numpy(task.codec.encode(roll)).float()[None]
        params, _ = model(steps[:, :-1])
        losses = model.head.loss(params, steps[:, 1:])[0].flatten(1).sum(1)
        return np.concatenate([[np.nan], losses.detach().double().numpy()])

    return Case(run, roll, np.concatenate, offline, 2e-5)


def audio(folder: Path) -> Case:
    small = {"frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16}
    run = echoic.train("audio", hum(folder), out=folder / "run", **COMMON | small)
    data = soundfile.read(folder / "hum.wav", dtype="float32")[0][:603]
    return Case(run, data, lambda counts: np.array([sum(counts)]), lambda: np.array([600]), EXACT)


MAKERS: list[Callable[[Path], Case]] = [
    detect,
    detect_late_in_strides,
    detect_without_convolutions,
    detect_sensors,
    classify,
    classify_by_attention,
    classify_by_the_last_step,
    forecast,
    forecast_by_steps,
    forecast_by_segments,
    text,
    text_of_bytes,
    text_of_a_mixture,
    music,
    audio,
]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda make: make.__name__)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return request.param(tmp_path_factory.mktemp(request.param.__name__))


def chunks(data: Any, sizes: list[int]) -> Iterator[Any]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size


def results_of(stream: LiveStream[Any, Any, Any], pieces: Iterator[Any], state: Any) -> list[Any]:
    results = []
    for piece in pieces:
        result, state = stream.push(piece, state)
        results.append(result)
    return [*results, stream.finish(state)]


def assert_same(state: Any, other: Any) -> None:
    for one, two in zip(state, other, strict=True):
        if isinstance(one, tuple):
            assert_same(one, two)
        else:
            np.testing.assert_array_equal(one, two)
            assert type(one) is type(two)


def test_every_job_has_its_cases() -> None:
    assert {make.__name__.split("_")[0] for make in MAKERS} == set(JOBS)


@pytest.mark.parametrize("cut", CUTS)
def test_any_chunks_give_the_offline_result(case: Case, cut: str) -> None:
    stream = case.stream
    found = case.joined(results_of(stream, chunks(case.data, CUTS[cut](len(case.data))), stream.start()))
    np.testing.assert_allclose(found, case.offline(), rtol=0, atol=case.tolerance)


def test_a_state_saved_in_the_middle_goes_on_in_another_stream(case: Case) -> None:
    stream, half = case.stream, len(case.data) // 2 + 1
    first, state = stream.push(case.data[:half], stream.start())
    other = echoic.load(case.run.path).stream(**case.options) if case.run.job.name != "forecast" else case.stream
    restored = other.from_bytes(stream.to_bytes(state))
    assert_same(restored, state)
    rest = results_of(other, iter([case.data[half:]]), restored)
    straight = results_of(stream, iter([case.data[half:]]), state)
    np.testing.assert_array_equal(case.joined([first, *rest]), case.joined([first, *straight]))


def test_streams_together_are_each_alone(case: Case) -> None:
    stream = case.stream
    sizes = [len(case.data), len(case.data) // 2, len(case.data) // 2, 1]
    begun = [stream.push(case.data[:size], stream.start())[1] for size in (0, 3, 3, 5)]
    pieces = [case.data[begin : begin + size] for begin, size in zip((0, 3, 3, 5), sizes, strict=True)]
    together, states = stream.push_many(pieces, begun)
    for piece, before, result, state in zip(pieces, begun, together, states, strict=True):
        alone, after = stream.push(piece, before)
        ends = [results_of(stream, iter([case.data[:7]]), one) for one in (state, after)]
        assert_close([result, *ends[0]], [alone, *ends[1]], 10 * FLOAT32)


def assert_close(found: Any, expected: Any, tolerance: float) -> None:
    """Nested results, within a tolerance."""
    if isinstance(found, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other, tolerance)
    elif isinstance(found, str) or found is None:
        assert found == expected
    else:
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_pushing_leaves_a_state_as_it_was(case: Case) -> None:
    stream = case.stream
    _, state = stream.push(case.data[:20], stream.start())
    before = stream.to_bytes(state)
    stream.push(case.data[20:60], state)
    stream.finish(state)
    assert stream.to_bytes(state) == before


def test_the_state_does_not_grow(case: Case) -> None:
    stream = case.stream
    repeated = case.data * 40 if isinstance(case.data, str) else np.concatenate([case.data] * 40)
    sizes = []
    state = stream.start()
    for piece in chunks(repeated, [len(repeated) // 8] * 8):
        _, state = stream.push(piece, state)
        sizes.append(len(stream.to_bytes(state)))
    kept = 8 * 400 * (case.run.job.name == "forecast")  # its look-back fills up first
    assert max(sizes) <= sizes[0] + 1000 + kept


def test_damaged_bytes_are_no_state(case: Case) -> None:
    stream = case.stream
    data = stream.to_bytes(stream.push(case.data[:30], stream.start())[1])
    draws = np.random.default_rng(0)
    wrong = [b"", b"{}", data[:-1], data + b"\0", data[len(data) // 2 :], bytes(len(data))]
    for place in draws.integers(len(data), size=40).tolist():
        flipped = bytearray(data)
        flipped[place] ^= 1 << int(draws.integers(8))
        wrong.append(bytes(flipped))
    for one in wrong:
        with pytest.raises(DataError, match=r"The state cannot be used: .*; start|Save one with `to_bytes`"):
            stream.from_bytes(one)


def test_wrong_chunks_are_refused_in_one_sentence(case: Case) -> None:
    stream = case.stream
    for chunk in (None, 3.5, np.zeros((2, 3, 4)), ["a"], np.array([1 + 2j])):
        with pytest.raises(DataError, match=r"(A chunk|Sound) must be [^\n]*\.$"):
            stream.push(chunk, stream.start())


def test_an_unknown_option_is_refused_with_those_there_are(case: Case) -> None:
    with pytest.raises(ConfigError, match=r"`stream` has no option `rate` for \w+ runs; it has [\w, ]+\."):
        case.run.stream(rate=3)


def generated(case: Case, lengths: list[int], seed: int) -> Any:
    """What follows the data, in pieces, with the state as bytes in between."""
    stream = expect_type(GeneratingStream, case.stream)
    _, state = stream.push(case.data, stream.start(seed))
    made = []
    for length in lengths:
        piece, state = stream.generate(length, stream.from_bytes(stream.to_bytes(state)))
        made.append(piece)
    return "".join(made) if isinstance(made[0], str) else np.concatenate(made)


@pytest.mark.parametrize("make", [text, text_of_bytes, text_of_a_mixture, music, audio])
def test_going_on_in_pieces_is_generate_after_the_prime(make: Callable[[Path], Case], tmp_path: Path) -> None:
    case = make(tmp_path)
    if make is music:
        song = case.run.fitted.task.songs("train")[0]
        case = case._replace(data=rolls_of([song])[0])
        request = MusicRequest(length=24, seed=3)
        whole: Any = continue_song(case.run.fitted, request, song, lambda _: None).roll
    elif make is audio:
        case = case._replace(data=case.data[:600])  # whole frames
        soundfile.write(tmp_path / "prime.wav", case.data, 2000, "FLOAT")
        whole = case.run.generate("24samples", prime=tmp_path / "prime.wav", seed=3).samples[0]
    else:
        whole = case.run.generate(24, prime=case.data, seed=3)
    assert np.array_equal(generated(case, [24], 3), whole)
    assert np.array_equal(generated(case, [1, 13, 10], 3), whole)
    assert not np.array_equal(generated(case, [24], 4), whole)


@pytest.mark.parametrize("make", [text, music, audio])
def test_two_futures_from_one_state(make: Callable[[Path], Case], tmp_path: Path) -> None:
    stream = expect_type(GeneratingStream, make(tmp_path).stream)
    state = stream.start()
    one, two, again = (stream.generate(60, stream.reseeded(state, seed), temperature=3.0)[0] for seed in (1, 2, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)
    with pytest.raises(ConfigError, match=r"A stream's `generate` has no option `seed`; it has temperature, "):
        stream.generate(3, state, seed=3)
    with pytest.raises(ConfigError, match=r"from 1 on, got 0"):
        stream.generate(0, state)


def test_a_state_of_another_run_or_other_options_is_refused(tmp_path: Path) -> None:
    runs = []
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        runs.append(classify(tmp_path / str(number), seed=number).run)
    state = runs[0].stream().to_bytes(runs[0].stream().start())
    with pytest.raises(DataError, match="it is of another network"):
        runs[1].stream().from_bytes(state)
    with pytest.raises(DataError, match=r"it is of another options .*pause_s=None.*, not .*pause_s=0\.3"):
        runs[0].stream(pause_s=0.3).from_bytes(state)


def test_networks_that_read_both_ways_are_refused_by_the_settings_to_train_with(tmp_path: Path) -> None:
    run = echoic.train("classify", beeps(tmp_path), bidirectional=True, clip_norm="center", epochs=1, threads=1)
    with pytest.raises(ConfigError, match="to stream, train with --no-bidirectional --clip-norm none"):
        run.stream()
    run = echoic.train("detect", signals(tmp_path), bidirectional=True, epochs=1, threads=1)
    with pytest.raises(ConfigError, match="train without --bidirectional to stream"):
        run.stream()


def test_records_are_plain_json(case: Case) -> None:
    stream = case.stream
    result, state = stream.push(case.data[:50], stream.start())
    for records in (stream.records(result), stream.records(stream.finish(state))):
        assert json.loads(json.dumps(records, allow_nan=False)) == records
