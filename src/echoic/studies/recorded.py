"""A trial of the store as a value."""

from collections.abc import Sequence
from typing import Any

from echoic.studies.claims import place_of
from echoic.studies.records import State, Trial
from echoic.studies.samplers import SLOTS


def recorded(one: Any, goals: Sequence[str]) -> Trial:
    """The trial of Optuna as `Trial`."""
    states: dict[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    state = states.get(one.state.name, "unfinished")
    values = dict(zip(goals, one.values, strict=True)) if state == "complete" else {}
    reports = {int(slot): loss for slot, loss in one.user_attrs.get("reports", one.intermediate_values).items()}
    return Trial(
        one.number,
        state,
        dict(one.params),
        values,
        tuple(one.user_attrs.get("losses", ())) if state == "complete" else (),
        {slot / SLOTS: loss for slot, loss in sorted(reports.items())},
        one.user_attrs.get("reason", ""),
        place_of(one),
    )
