"""The definition of a study in the store that hosts share."""

from typing import Any

from echoic.errors import ConfigError, RunError
from echoic.studies.definition import Definition
from echoic.studies.store import Store

_DEFINITION = "definition"
_OF_A_HOST = {"data", "workers", "base"}
"""What may differ between hosts; the base follows from the settings and the data."""


def publish(store: Store, definition: Definition) -> None:
    """Makes the study in the store, or finds the same one there.

    Raises:
        ConfigError: there is another one of this name.
        RunError: the store cannot be used, or has a study of another program.
    """
    with store.locked():
        study = store.opened(store.study, len(definition.goals))
        if _DEFINITION not in study.user_attrs:
            if study.get_trials(deepcopy=False):
                raise RunError(f"The study {store.study} in the store is not one of echoic; choose another --study.")
            study.set_user_attr(_DEFINITION, definition.model_dump(mode="json"))
            return
        known = Definition.build(**study.user_attrs[_DEFINITION])
    names = Definition.model_fields.keys() - _OF_A_HOST
    differing = sorted(name for name in names if getattr(known, name) != getattr(definition, name))
    if "fingerprint" in differing:
        raise ConfigError(f"The study {store.study} in the store is one of other data; choose another --study.")
    if differing:
        raise ConfigError(
            f"The study {store.study} in the store has other {', '.join(differing)}; give the same, join it by --join "
            "URL, or choose another --study."
        )


def published(store: Store) -> Definition:
    """The study in the store.

    Raises:
        RunError: there is none of this name, or the store cannot be used.
    """
    with store.using():
        attributes = {one.study_name: one.user_attrs for one in _summaries(store)}
    ours = sorted(name for name, found in attributes.items() if _DEFINITION in found)
    if store.study not in ours:
        there = f"there are {', '.join(ours)}" if ours else "there is none yet"
        raise RunError(f"There is no study {store.study} in the store; {there}.")
    return Definition.build(**attributes[store.study][_DEFINITION])


def extend(store: Store, definition: Definition) -> None:
    """Has new totals of a study apply to hosts that begin or resume from now on.

    Raises:
        RunError: the store cannot be used.
    """
    with store.locked():
        store.opened(store.study, len(definition.goals)).set_user_attr(_DEFINITION, definition.model_dump(mode="json"))


def _summaries(store: Store) -> list[Any]:
    found: list[Any] = store.storage.get_all_studies()
    return found
