"""The run of the winner, copied to `best` from the host that has it."""

import filecmp
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from echoic.errors import RunError
from echoic.studies.artifacts import Artifacts, download_run, upload_run
from echoic.studies.confirmation import Confirmed, common_seeds
from echoic.studies.opened import OpenStudy
from echoic.studies.orders import confirmation_run, trial_runs
from echoic.studies.place import Place
from echoic.studies.records import Trial
from echoic.studies.takeover import copy_run

_BEST = "best"
"""The folder of the copy, and the attribute of the study in the store that names its artifact."""

_LOOK_S = 1.0


class Chosen(NamedTuple):
    """The run of the lowest dev loss among those of the winner.

    Attributes:
        loss: its dev loss.
        run: its folder below that of the study.
        place: the study folder where it is.
    """

    loss: float
    run: str
    place: Place | None


def chosen_run(winner: Trial, rows: Sequence[Confirmed]) -> Chosen:
    """The run of the winner that becomes `best`, the same on all hosts."""
    names = trial_runs(winner.number, len(winner.losses))
    found = [Chosen(loss, name, winner.place) for name, loss in zip(names, winner.losses, strict=True)]
    fresh = next((row.fresh for row in rows if row.trial.number == winner.number), {})
    found += [
        Chosen(fresh[one].loss, confirmation_run(winner.number, one), fresh[one].place) for one in common_seeds(rows)
    ]
    return min(found, key=lambda one: one.loss)


def collect(folder: Path, opened: OpenStudy, chosen: Chosen, wait_s: float) -> bool:
    """Copies the chosen run to `best` in the study at `folder`: from here, from a shared folder, or from the store.

    Its own host puts it into the store.

    Args:
        folder: the folder of the study.
        opened: its store.
        chosen: the run.
        wait_s: how long to wait for its host to put it into the store.

    Returns:
        Whether it could be reached.

    Raises:
        RunError: it cannot be copied, or the store cannot be used.
    """
    best, place = folder / _BEST, chosen.place
    is_here = place is None or place.id == opened.place.id
    source = folder if is_here or place is None else place.path
    if source is not None:
        # A copy of it may have got a report meanwhile.
        if not _same_model(source / chosen.run, best) and not copy_run(source / chosen.run, best):
            raise RunError(f"{source / chosen.run} cannot be copied to {best}.")
        if is_here and opened.store.is_shared:
            _publish(opened, chosen, best)
        return True
    shutil.rmtree(best, ignore_errors=True)  # another run, which is not the winner any more
    deadline_s = time.monotonic() + wait_s
    while not _fetch(opened, chosen, best):
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_LOOK_S)
    return True


def _publish(opened: OpenStudy, chosen: Chosen, run: Path) -> None:
    """Puts the run into the store, in place of that of a winner before."""
    store = opened.store
    with store.using():
        study = opened.search.study
        before = study.user_attrs.get(_BEST)
        if before is not None and before["run"] == _named(chosen):
            return
        study.set_user_attr(_BEST, {"run": _named(chosen), "artifact": upload_run(store, study, run)})
        if before is not None:
            Artifacts(store.storage.engine).remove(before["artifact"])


def _fetch(opened: OpenStudy, chosen: Chosen, best: Path) -> bool:
    """Takes the run from the store; false if it is not there."""
    new = best.with_name(f".{best.name}.new")
    with opened.store.using():
        found = opened.search.study.user_attrs.get(_BEST)
        if found is None or found["run"] != _named(chosen):
            return False
        shutil.rmtree(new, ignore_errors=True)
        if not download_run(opened.store, found["artifact"], new):
            return False
    new.rename(best)
    return True


def _named(chosen: Chosen) -> list[Any]:
    """The run among those of all hosts, as the store has it."""
    return [chosen.place.id if chosen.place is not None else "", chosen.run, chosen.loss]


def _same_model(one: Path, other: Path) -> bool:
    name = "model.safetensors"
    return (one / name).exists() and (other / name).exists() and filecmp.cmp(one / name, other / name, shallow=False)
