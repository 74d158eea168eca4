"""Hosts that share a study in PostgreSQL: each trial is trained by one, and nothing is lost or counted twice.

Hosts are folders of this process here; trainings are functions.
"""

import math
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from echoic.errors import ConfigError, DataError, RunError, TrainingError
from echoic.studies.best import Chosen, collect
from echoic.studies.clock import Clock
from echoic.studies.confirmation import FRESH_SEEDS
from echoic.studies.confirming import ConfirmationOrders
from echoic.studies.definition import Definition
from echoic.studies.join import join_study
from echoic.studies.opened import OpenStudy
from echoic.studies.orders import Answer
from echoic.studies.postgresql import parsed, without_password
from echoic.studies.study import Study

pytestmark = pytest.mark.slow

NAME = "the study"


def bowl(settings: dict[str, Any]) -> float:
    return (math.log10(settings["lr"]) + 2) ** 2


@pytest.fixture
def host(define: Any, database: str) -> Any:
    """Makes a host: the folder of the study and its open store."""

    def make(name: str, **options: Any) -> tuple[Path, Definition, OpenStudy]:
        folder, definition = define(host=name, shared=(database, NAME), **({"pruner": "none"} | options))
        return folder, definition, OpenStudy(folder, definition)

    return make


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that give no sign of life for two seconds are dead."""
    monkeypatch.setenv("ECHOIC_GRACE_S", "2")


def wait_until_dead() -> None:
    time.sleep(3.5)


@pytest.mark.parametrize("sampler", ["tpe", "grid"])
def test_the_number_of_trials_is_that_of_all_hosts(define: Any, fake: Any, database: str, sampler: str) -> None:
    search = {"lr": [0.001 * one for one in range(1, 10)]} if sampler == "grid" else ["lr=0.0001..1,log"]
    hosts = [
        fake(*define(search, host=name, shared=(database, NAME), sampler=sampler, trials=9, pruner="none"))
        for name in "abc"
    ]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: one.run(bowl), hosts))
    trials = hosts[0].engine.trials()
    assert [(trial.number, trial.state) for trial in trials] == [(number, "complete") for number in range(9)]
    ended = Counter(trial.number for one in hosts for trial in one.ended)
    assert ended == Counter(range(9))
    assert {trial.place.folder for trial in trials if trial.place} == {str(one) for one in _folders(hosts)}
    assert len({trial.settings["lr"] for trial in trials}) == 9


def _folders(hosts: list[Any]) -> list[Path]:
    return [Path(one.folder).resolve() for one in hosts]


def test_what_a_living_host_trains_is_not_given_to_another(host: Any) -> None:
    *_, first = host("a", trials=2)
    *_, second = host("b", trials=2)
    assert first.search.next(2).number == 0
    assert second.search.next(2).number == 1
    assert second.search.next(2) is None
    assert second.search.other_hosts_train()
    first.search.complete(0, {"loss": 1.0}, [1.0])
    assert not second.search.other_hosts_train()


@pytest.mark.usefixtures("short_grace")
def test_the_trial_of_a_dead_host_goes_on_elsewhere_and_counts_once(host: Any) -> None:
    *_, dead = host("a", trials=1)
    *_, living = host("b", trials=1)
    trial = dead.search.next(1)
    dead.search.report(0, 5, 1.0)
    assert living.search.next(1) is None
    wait_until_dead()
    taken = living.search.next(1)
    assert (taken.number, dict(taken.settings)) == (0, dict(trial.settings))
    # The other host was only cut off, and is back.
    assert dead.search.report(0, 6, 0.5)
    dead.beat()
    assert not dead.search.complete(0, {"loss": 0.1}, [0.1])
    assert living.search.complete(0, {"loss": 0.2}, [0.2])
    (ended,) = living.search.trials()
    assert (ended.state, ended.loss, ended.place.folder) == ("complete", 0.2, living.place.folder)


@pytest.mark.usefixtures("short_grace")
def test_a_host_that_gives_signs_of_life_keeps_its_trials(host: Any) -> None:
    *_, first = host("a", trials=1)
    *_, second = host("b", trials=1)
    first.search.next(1)
    for _ in range(5):
        time.sleep(0.8)
        first.beat()
        assert second.search.next(1) is None
    assert first.search.complete(0, {"loss": 0.2}, [0.2])


def test_a_host_that_begins_again_has_its_own_trials_at_once(host: Any) -> None:
    folder, definition, before = host("a", trials=3)
    *_, other = host("b", trials=3)
    assert _number(before) == 0
    assert _number(other) == 1
    again = OpenStudy(folder, definition)
    assert [_number(again) for _ in range(3)] == [0, 2, None]


def _number(opened: OpenStudy) -> int | None:
    trial = opened.search.next(3)
    return None if trial is None else trial.number


def test_a_trial_that_was_killed_while_it_was_given_out_is_nobodys(host: Any) -> None:
    *_, killed = host("a", trials=1)
    *_, living = host("b", trials=1)
    with killed.store.using():
        killed.search.study.ask()
    assert living.search.next(1).number == 0


@pytest.mark.usefixtures("short_grace")
def test_a_checkpoint_in_a_folder_that_can_be_reached_is_copied(host: Any) -> None:
    near, _, first = host("a", trials=2)
    far, _, second = host("b", trials=2)
    folder, _, living = host("c", trials=2)
    for place, opened in ((near, first), (far, second)):
        number = opened.search.next(2).number
        (place / f"trials/{number}/checkpoints").mkdir(parents=True)
        (place / f"trials/{number}/checkpoints/step-000000007.safetensors").touch()
    far.rename(far.with_name("unreachable"))
    wait_until_dead()
    assert [living.search.next(2).number for _ in range(2)] == [0, 1]
    assert [path.name for path in folder.glob("trials/*")] == ["0"]
    assert (folder / "trials/0/checkpoints/step-000000007.safetensors").exists()


def test_hosts_suggest_different_settings(host: Any) -> None:
    drawn = [opened.search.next(9).settings["lr"] for *_, opened in (host(name) for name in "abc")]
    assert len(set(drawn)) == 3


def test_each_confirmation_is_done_once_and_all_hosts_have_the_same_winner(host: Any) -> None:
    hosts = [host(name, trials=6, confirm=2) for name in "abc"]
    opened = hosts[0][2]
    for _ in range(6):
        trial = opened.search.next(6)
        opened.search.complete(trial.number, {"loss": bowl(dict(trial.settings))}, [bowl(dict(trial.settings))])
    done: list[tuple[int, int]] = []

    def confirm(one: tuple[Path, Definition, OpenStudy]) -> None:
        _, definition, opened = one
        clock = Clock(opened.search, None)
        orders = ConfirmationOrders(
            definition, opened.search, opened.fresh, clock, lambda trial, seed, _: done.append((trial.number, seed))
        )
        while (order := orders.next()) is not None or not orders.is_over():
            if order is not None:
                seed = order.configs[0]["train"]["seed"]
                orders.answered(order, Answer("done", [order.number + seed / 10]))
            time.sleep(0.05)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(confirm, hosts))
    assert len(done) == len(set(done)) == 2 * FRESH_SEEDS
    studies = [Study(folder) for folder, _, _ in hosts]
    assert {study.winner.number for study in studies} == {min(number for number, _ in done)}
    assert len({study.verdict for study in studies}) == 1


@pytest.mark.usefixtures("short_grace")
def test_a_dead_hosts_confirmation_is_taken_over(host: Any) -> None:
    *_, dead = host("a")
    *_, living = host("b")
    wanted = [(3, 1), (3, 2)]
    assert dead.fresh.next(wanted) == (3, 1)
    assert living.fresh.next(wanted) == (3, 2)
    assert living.fresh.next(wanted) is None
    assert living.fresh.other_hosts_train(wanted)
    wait_until_dead()
    assert living.fresh.next(wanted) == (3, 1)
    assert living.fresh.end((3, 1), 0.5)
    assert not dead.fresh.end((3, 1), 0.4)
    assert living.fresh.losses()[3, 1].loss == 0.5


def test_the_clock_is_that_of_all_hosts(host: Any) -> None:
    *_, first = host("a", trials=None, minutes=10.0)
    first.search.elapsed_s = 300.0
    *_, second = host("b", trials=None, minutes=10.0)
    assert Clock(second.search, 10.0).left_s() == pytest.approx(300, abs=5)
    second.search.elapsed_s = 400.0
    first.search.elapsed_s = 350.0
    assert first.search.elapsed_s == 400.0


def test_more_trials_apply_to_hosts_that_go_on(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _, _ = host("a", trials=2)
    other, _, _ = host("b", trials=2)
    monkeypatch.setattr("echoic.studies.study.work", lambda *_: None)
    for path, trials in ((folder, 9), (other, None)):
        with pytest.raises(TrainingError, match="No trial"):
            Study(path).resume(trials=trials)
        assert Study(path).definition.trials == 9


def test_the_winner_comes_through_the_store_or_is_named(host: Any) -> None:
    folder, _, first = host("a")
    other, _, second = host("b")
    chosen = Chosen(0.5, "trials/0", first.place)
    run = folder / "trials/0"
    run.mkdir()
    (run / "model.safetensors").write_bytes(bytes(range(256)) * 100_000)
    (run / "run.lock").touch()
    assert collect(other, second, chosen, 0.0)  # from the folder
    assert (other / "best/model.safetensors").exists()
    unreachable = folder.rename(folder.with_name("unreachable"))
    stale = chosen._replace(run="trials/1", loss=0.4)
    assert not collect(other, second, stale, 0.0)
    assert not (other / "best").exists()
    unreachable.rename(folder)
    assert collect(folder, first, chosen, 0.0)
    folder.rename(unreachable)
    assert collect(other, second, chosen, 0.0)  # from the store
    assert (other / "best/model.safetensors").read_bytes() == (unreachable / "trials/0/model.safetensors").read_bytes()
    assert [path.name for path in (other / "best").iterdir()] == ["model.safetensors"]


def test_the_same_command_joins_and_another_one_is_refused(define: Any, database: str) -> None:
    define(host="a", shared=(database, NAME), trials=5)
    define(host="b", shared=(database, NAME), trials=5, workers=3)
    with pytest.raises(ConfigError, match=r"has other sampler, trials; give the same, join it by --join"):
        define(host="c", shared=(database, NAME), trials=6, sampler="random")
    with pytest.raises(ConfigError, match="is one of other data; choose another --study"):
        define(host="c", shared=(database, NAME), trials=5, fingerprint="other")


def test_a_host_that_joins_needs_the_study_and_its_data(define: Any, database: str, tmp_path: Path) -> None:
    (tmp_path / "wave.csv").write_text("y\n" + "\n".join(str(one % 7) for one in range(99)) + "\n")
    gone = str(tmp_path / "gone.csv")
    define(host="a", shared=(database, NAME), data=gone, fingerprint="0" * 64, workers=2)
    with pytest.raises(RunError, match=rf"There is no study other in the store; there are {NAME}\."):
        join_study(database, "other", out=tmp_path / "b")
    with pytest.raises(DataError, match=r"gone.csv: not found, .* --data PATH"):
        join_study(database, NAME, out=tmp_path / "b")
    with pytest.raises(DataError, match=r"wave.csv differs from the data of the study"):
        join_study(database, NAME, out=tmp_path / "b", data=str(tmp_path / "wave.csv"))
    assert not (tmp_path / "b").exists()


def test_no_password_is_written_or_shown(
    define: Any, database: str, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    secret = server.url(database.rpartition("/")[2], password=True)
    assert server.password in secret
    folder, _ = define(host="a", shared=(secret, NAME))
    assert Study(folder, storage=secret).trials == []
    for path in folder.rglob("*"):
        assert path.is_dir() or server.password.encode() not in path.read_bytes()
    assert without_password(secret) == database == without_password(f"{database}?password={server.password}")
    with pytest.raises(RunError, match=r"cannot be used \(.*no password supplied.*PGPASSWORD or ~/.pgpass") as error:
        _ = Study(folder).trials
    assert server.password not in str(error.value)
    with pytest.raises(RunError, match="password authentication failed") as error:
        _ = Study(folder, storage=database.replace("@", ":wrong-one@")).trials
    assert "wrong-one" not in str(error.value)


@pytest.mark.parametrize(("url", "sentence"), [
    ("sqlite:///study.db", "kept in PostgreSQL .*, and not in sqlite; that of one machine needs no `--storage`"),
    ("journal.log", "must be the URL of a PostgreSQL database"),
    ("mysql://user@host/db", "not in mysql"),
    ("postgresql+asyncpg://user@host/db", r"not in postgresql\+asyncpg"),
    ("postgresql://user@host", "names no database"),
    ("postgresql://user:secret@host:port/db", "must be the URL of a PostgreSQL database"),
    ("postgresql://user:se@cret@host/db", "must be the URL of a PostgreSQL database"),
])  # fmt: skip
def test_other_stores_are_refused_in_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as error:
        parsed(url)
    assert "secret" not in str(error.value)


def test_a_server_that_is_down_is_one_sentence_and_comes_back(host: Any, server: Any) -> None:
    folder, _, opened = host("a", trials=2)
    opened.search.next(2)
    server.control("-m", "immediate", "stop")
    try:
        with pytest.raises(RunError, match=r"postgresql\+psycopg://.* cannot be used"):
            opened.search.report(0, 3, 1.0)
        with pytest.raises(RunError, match="cannot be used"):
            _ = Study(folder).trials
    finally:
        server.start()
    opened.search.report(0, 3, 1.0)
    assert opened.search.complete(0, {"loss": 1.0}, [1.0])


def test_a_host_whose_connection_breaks_in_the_lock_wedges_nobody(host: Any, database: str) -> None:
    *_, first = host("a", trials=2)
    *_, second = host("b", trials=2)

    def broken() -> None:
        with first.store.locked():
            with psycopg.connect(database.replace("+psycopg", "")) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname ="
                    " current_database()"
                )
            assert second.search.next(2).number == 0

    with pytest.raises(RunError, match="cannot be used"):
        broken()
    assert first.search.next(2).number == 1


def test_looking_for_a_study_makes_nothing(define: Any, database: str, server: Any, tmp_path: Path) -> None:
    folder, definition = define(host="a", shared=(database, NAME))
    other = server.url(server.new_database())
    with pytest.raises(RunError, match=f"There is no study {NAME} in the store; there is none yet"):
        join_study(other, NAME, out=tmp_path / "b")
    with pytest.raises(RunError, match=f"There is no study {NAME} in the store; there is none yet"):
        OpenStudy(folder, definition, other)
    with psycopg.connect(other.replace("+psycopg", ""), password=server.password) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
