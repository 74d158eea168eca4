"""The search: each algorithm, pruning, several goals, grids, and a store that loses nothing."""

import math
import sqlite3
import statistics
import time
from typing import Any

import pytest

from echoic.errors import ConfigError, RunError
from echoic.run.lock import file_lock
from echoic.studies.definition import read_definition
from echoic.studies.grids import grid
from echoic.studies.opened import OpenStudy
from echoic.studies.orders import Answer
from echoic.studies.records import by_loss, front
from echoic.studies.study import Study

SAMPLERS = ["tpe", "genetic", "cmaes", "gp", "qmc", "random"]


def bowl(settings: dict[str, Any]) -> float:
    """Lowest at a learning rate of 0.01 without dropout."""
    return (math.log10(settings["lr"]) + 2) ** 2 + float(settings.get("dropout", 0.0))


@pytest.mark.slow
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_finds_good_settings(define: Any, fake: Any, sampler: str) -> None:
    trials = fake(*define(sampler=sampler, pruner="none", trials=18)).run(bowl)
    assert [trial.number for trial in trials] == list(range(18))
    assert {trial.state for trial in trials} == {"complete"}
    assert len({tuple(trial.settings.items()) for trial in trials}) > 12
    assert by_loss(trials)[0].loss < 0.6


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_first_trial_has_the_defaults(define: Any, fake: Any, sampler: str) -> None:
    search = ["lr=0.0001..1,log", "weight_decay=0.0001..0.1,log", "layers=32;64", "cell=lstm,mingru"]
    found = fake(*define(search, sampler=sampler, trials=3)).run(lambda settings: settings["lr"])
    assert found[0].settings.pop("cell") in ("lstm", "mingru")  # the default is neither
    assert found[0].settings == {"lr": 0.002, "weight_decay": 0.0001, "layers": "64"}
    assert len({str(one.settings) for one in found}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "gp"])
def test_algorithms_that_learn_do_better_late_than_early(define: Any, fake: Any, sampler: str) -> None:
    losses = [trial.loss for trial in fake(*define(sampler=sampler, pruner="none", trials=36)).run(bowl)]
    assert statistics.median(losses[-12:]) < 0.7 * statistics.median(losses[:12])


@pytest.mark.slow
def test_a_study_that_goes_on_suggests_nothing_again(define: Any, fake: Any) -> None:
    folder, definition = define(sampler="tpe", trials=4)
    fake(folder, definition).run(bowl)
    trials = fake(folder, definition.model_copy(update={"trials": 8})).run(bowl)
    assert len({trial.settings["lr"] for trial in trials}) == 8


@pytest.mark.slow
def test_hopeless_trials_are_pruned_and_have_no_loss(define: Any, fake: Any) -> None:
    trials = fake(*define(pruner="median", trials=30)).run(bowl)
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert pruned
    assert all(
        trial.number >= 5 and not trial.goals and trial.reports == {0.5: bowl(dict(trial.settings))} for trial in pruned
    )
    assert min(bowl(dict(trial.settings)) for trial in pruned) > by_loss(trials)[0].loss


@pytest.mark.slow
def test_hyperband_prunes_some(define: Any, fake: Any) -> None:
    trials = fake(*define(pruner="hyperband", trials=30)).run(bowl)
    assert {trial.state for trial in trials} == {"complete", "pruned"}


@pytest.mark.slow
def test_several_goals_have_a_front_and_prune_nothing(define: Any, fake: Any) -> None:
    search = fake(*define(goals="loss,parameters", sampler="genetic", trials=25))
    trials = search.run(bowl, parameters=1.0)
    assert {trial.state for trial in trials} == {"complete"}
    best = front(trials)
    assert by_loss(trials)[0] in best
    for one in best:
        better = [o for o in trials if o.loss < one.loss and o.goals["parameters"] < one.goals["parameters"]]
        assert not better
    assert all(one.reports for one in trials)


def test_a_grid_has_every_combination_once(define: Any, fake: Any) -> None:
    folder, definition = define(["lr=0.1,0.01", "layers=8;16;16,16"], sampler="grid", trials=6)
    trials = fake(folder, definition).run(bowl)
    points = {(trial.settings["lr"], trial.settings["layers"]) for trial in trials}
    assert len(trials) == len(points) == 6
    OpenStudy(folder, definition)
    assert len(OpenStudy(folder, definition).search.trials()) == 6


def test_a_grid_has_no_values_without_effect(define: Any) -> None:
    _, definition = define(["cell=lstm,gru", "forget_bias=0,1"], sampler="grid", trials=3)
    assert grid(definition) == [
        {"cell": "lstm", "forget_bias": 0.0}, {"cell": "lstm", "forget_bias": 1.0}, {"cell": "gru"}
    ]  # fmt: skip


def test_a_grid_of_a_range_is_refused(define: Any) -> None:
    with pytest.raises(ConfigError, match="`--sampler grid` needs lists of values, and `lr` has a range"):
        define(["lr=0.1..1"], sampler="grid")


def test_a_trial_that_was_not_ended_goes_on_with_its_settings(define: Any, fake: Any) -> None:
    folder, definition = define(trials=3)
    first = fake(folder, definition)
    orders = [first.orders.next() for _ in range(2)]
    first.orders.report(orders[0], 5, 1.0)
    # As if this process had been killed here.
    trials = fake(folder, definition).run(bowl)
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert [trial.state for trial in trials] == ["complete"] * 3
    for trial, order in zip(trials, orders, strict=False):
        assert dict(trial.settings).items() <= first.settings(order).items()
    assert trials[0].reports == {0.25: 1.0, 0.5: bowl(dict(trials[0].settings))}


def test_one_that_was_killed_while_its_settings_were_drawn_gets_the_rest(define: Any, fake: Any) -> None:
    folder, definition = define(trials=1)
    killed = OpenStudy(folder, definition).search  # its store is open as long as it is there
    killed.study.ask().suggest_float("lr", 0.0001, 1, log=True)
    (trial,) = fake(folder, definition).run(bowl)
    assert trial.settings.keys() == {"lr", "dropout", "layers"}


@pytest.mark.slow
def test_settings_that_cannot_be_trained_are_told_with_their_reason(define: Any, fake: Any) -> None:
    search = fake(*define(trials=None, minutes=60.0))
    while (order := search.orders.next()) is not None:
        search.orders.answered(order, Answer("refused", reason="It cannot be."))
    trials = search.engine.trials()
    assert len(trials) == 20  # and not for an hour
    assert {(trial.state, trial.reason) for trial in trials} == {("pruned", "It cannot be.")}


def test_the_time_of_a_study_goes_on_with_it(define: Any, fake: Any) -> None:
    folder, definition = define(trials=None, minutes=10.0, confirm=0)
    search = fake(folder, definition)
    search.engine.elapsed_s = 590.0
    order = fake(folder, definition).orders.next()
    assert 0 < order.ends_at_s - time.time() <= 10
    search.engine.elapsed_s = 600.0
    assert fake(folder, definition).orders.next() is None


def test_part_of_the_time_is_kept_for_the_confirmation(define: Any, fake: Any) -> None:
    order = fake(*define(trials=None, minutes=10.0, confirm=3)).orders.next()
    assert order.ends_at_s - time.time() == pytest.approx(0.75 * 600, abs=60)


def test_runs_of_a_trial_differ_in_their_seed(define: Any, fake: Any) -> None:
    order = fake(*define(seeds=3)).orders.next()
    assert order.runs == ["trials/0", "trials/0-2", "trials/0-3"]
    assert [config["train"].pop("seed") for config in order.configs] == [0, 1, 2]
    assert order.configs[0] == order.configs[1] == order.configs[2]


@pytest.mark.slow
def test_importances_find_what_matters(define: Any, fake: Any) -> None:
    search = fake(*define(trials=30, pruner="none"))
    search.run(lambda settings: (math.log10(settings["lr"]) + 2) ** 2)
    importances = search.engine.importances()
    assert importances["lr"] > 5 * max(importances["dropout"], importances["layers"])


def test_a_damaged_store_is_one_sentence(define: Any) -> None:
    folder, definition = define()
    (folder / "study.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(RunError, match=r"study.db cannot be used \(.*not a database"):
        OpenStudy(folder, definition)


def test_a_store_that_is_locked_for_a_moment_is_waited_for(define: Any, fake: Any) -> None:
    folder, definition = define(trials=2)
    search = fake(folder, definition)
    other = sqlite3.connect(folder / "study.db")
    other.execute("BEGIN IMMEDIATE")
    other.rollback()
    other.close()
    assert len(search.run(bowl)) == 2


def test_a_study_is_worked_on_by_one_process(define: Any) -> None:
    folder, _ = define()
    with file_lock(folder / "study.lock"), pytest.raises(RunError, match="is being written by process"):
        Study(folder).resume()


def test_study_json_is_read_back_and_checked(define: Any) -> None:
    folder, definition = define(goals="loss,step_us", minutes=3.5)
    assert read_definition(folder) == definition
    path = folder / "study.json"
    path.write_text(path.read_text().replace("3.5", "35"))
    with pytest.raises(RunError, match="checksum does not match"):
        read_definition(folder)
    with pytest.raises(RunError, match="is not a study"):
        read_definition(folder / "nothing")


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"goals": "parameters"}, "must be loss, or loss and others"),
        ({"goals": "loss,loss"}, "must be loss, or loss and others"),
        ({"sampler": "tpee"}, "must be 'tpe', 'genetic'"),
        ({"trials": 0}, "`trials` must be at least 1"),
        ({"minutes": 0}, "`minutes` must be greater than 0"),
        ({"workers": 0}, "`workers` must be at least 1"),
    ],
)
def test_options_are_checked(define: Any, option: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        define(**option)
    assert sentence in str(error.value)
