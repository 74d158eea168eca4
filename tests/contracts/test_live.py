"""The contract of the stream of every run: the offline result from any chunks, states that are values and bytes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_data import beeps, signals
from live_cases import MAKERS
from live_cases.case import FLOAT32, Case
from live_cases.labelled import classify

import echoic
from echoic.errors import ConfigError, DataError
from echoic.jobs import JOBS
from echoic.streams.live import LiveStream

CUTS: dict[str, Callable[[int], list[int]]] = {
    "one": lambda total: [1] * min(total, 25) + [max(0, total - 25)],
    "primes": lambda total: [2, 7, 0, 3, 11, 5, 101, max(0, total - 129)],
    "whole": lambda total: [total],
}
"""Sizes of the chunks of a sequence of so many steps."""


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
    # The texts that a search keeps open differ from piece to piece, and come again with the data.
    assert max(sizes[4:]) <= max(sizes[:4]) + 1000 + kept


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


def test_what_is_no_state_is_refused_in_one_sentence(case: Case) -> None:
    stream, chunk = case.stream, case.data[:3]
    for state in (None, 3.5, "state", (1, 2), stream):
        with pytest.raises(DataError, match=rf"The state is of type \w+, not of {stream.job}; begin with [^\n]*\.$"):
            stream.push(chunk, state)
    with pytest.raises(DataError, match=r"There are 2 chunks and 1 states; pass a state for each chunk\.$"):
        stream.push_many([chunk, chunk], [stream.start()])


def test_an_unknown_option_is_refused_with_those_there_are(case: Case) -> None:
    with pytest.raises(ConfigError, match=r"`stream` has no option `rate` for \w+ runs; it has [\w, ]+\."):
        case.run.stream(rate=3)


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
    with pytest.raises(
        ConfigError, match="to stream, train with --live, which implies --no-bidirectional --clip-norm none"
    ):
        run.stream()
    run = echoic.train("detect", signals(tmp_path), bidirectional=True, epochs=1, threads=1)
    with pytest.raises(ConfigError, match="train without --bidirectional to stream"):
        run.stream()


def test_records_are_plain_json(case: Case) -> None:
    stream = case.stream
    result, state = stream.push(case.data[:50], stream.start())
    for records in (stream.records(result), stream.records(stream.finish(state))):
        assert json.loads(json.dumps(records, allow_nan=False)) == records
