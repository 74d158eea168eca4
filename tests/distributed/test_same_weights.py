"""A network that several processes train is the one that a single process trains."""

from pathlib import Path
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.slow

CASES = [
    "forecast", "forecast in chunks", "forecast refitted", "music", "text", "audio", "classify", "classify in folds",
    "detect", "map", "transcribe",
]  # fmt: skip
CASES_OF_TWO = ["forecast in chunks", "text", "classify in folds"]
BITWISE = ("random",)
"""Tensors that are equal in every bit: random numbers are drawn for the whole batch, whoever has its rows."""


def assert_same(groups: Any, found: Path, expected: Path, tolerance: float) -> None:
    tensors, state = groups.checkpoint(found)
    expected_tensors, expected_state = groups.checkpoint(expected)
    assert tensors.keys() == expected_tensors.keys()
    for name, tensor in tensors.items():
        assert tensor.shape == expected_tensors[name].shape, name
        if name in BITWISE:
            assert torch.equal(tensor, expected_tensors[name]), name
        else:
            torch.testing.assert_close(tensor, expected_tensors[name], rtol=0, atol=tolerance, msg=name)
    close = {key: pytest.approx(value, rel=tolerance) for key, value in expected_state.items() if value is not None}
    assert state == expected_state | close


@pytest.mark.parametrize(("case", "size"), [*((case, 3) for case in CASES), *((case, 2) for case in CASES_OF_TWO)])
def test_weights_and_random_state_are_those_of_one_process(groups: Any, case: str, size: int) -> None:
    expected = groups.folder / "1" / case
    for run in [expected, *sorted((expected / "folds").glob("*"))]:
        assert_same(groups, groups.folder / str(size) / run.relative_to(expected.parent), run, 1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_in_double_they_agree_to_rounding_and_skip_the_same_steps(groups: Any, size: int) -> None:
    assert_same(groups, groups.folder / str(size) / "double", groups.folder / "1" / "double", 1e-12)
    _, state = groups.checkpoint(groups.folder / str(size) / "double")
    assert state["skipped"] == 3


@pytest.mark.parametrize("size", [2, 3])
def test_every_process_gets_the_same_run(groups: Any, size: int) -> None:
    for case in [*(CASES if size == 3 else CASES_OF_TWO), "forecast stopped early"]:
        first, *others = groups.found[size][case]
        assert others == [first] * (size - 1)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_stop_early_together(groups: Any, size: int) -> None:
    result = groups.found[size]["forecast stopped early"][0]
    assert result["steps"] > result["best_step"]
    assert result["epochs"] < 20


@pytest.mark.parametrize("size", [2, 3])
def test_all_stop_together_when_time_is_up(groups: Any, size: int) -> None:
    steps = groups.found[size]["minutes"]
    assert steps == [steps[0]] * size
    assert steps[0] >= 1


def test_a_run_is_resumed_by_any_number_of_processes(groups: Any) -> None:
    assert [groups.found[size].get("stopped") for size in (3, 2, 1)] == ["at 3", "at 5", None]
    assert_same(groups, groups.folder / "stopped", groups.folder / "1" / "forecast in chunks", 1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_processes_that_do_not_fit_together_are_refused_everywhere(groups: Any, size: int) -> None:
    first, second, *_ = groups.found[size]["refusals"]
    assert (
        first[0]
        == second[0]
        == (f"ConfigError: Process 1 of {size} has other settings than the first one; start all with the same ones.")
    )
    assert (
        first[1]
        == second[1]
        == (f"DataError: Process 1 of {size} has other data than the first one; copy the same files to all machines.")
    )
    assert first[2].startswith(f"DataError: In process 1 of {size}: ")
    assert first[2].replace(f"In process 1 of {size}: ", "") == second[2]
    assert "no such file" in first[2]
    assert (
        first[3]
        == second[3]
        == (
            f"ConfigError: {size} processes need batches of at least as many rows, and these have 1; use fewer "
            "processes or a larger --batch-size."
        )
    )
    assert first[4] == second[4]
    assert "There is no setting 'no_such_setting'" in first[4]
