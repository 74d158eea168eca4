import os
import subprocess
import sys
from typing import Any

import pytest

from echoic.cli.openmp import limit_spinning

NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name not in NAMES}
    monkeypatch.setattr(os, "environ", found)
    return found


def test_barriers_spin_briefly(environment: dict[str, str]) -> None:
    limit_spinning()
    assert environment["GOMP_SPINCOUNT"] == "1000"


@pytest.mark.parametrize("name", NAMES)
def test_settings_of_the_user_are_kept(environment: dict[str, str], name: str) -> None:
    environment[name] = "passive"
    limit_spinning()
    assert {own: environment[own] for own in NAMES if own in environment} == {name: "passive"}


PROBE = """
import os, sys
import echoic.cli

def shown(_words):
    print(os.environ.get("GOMP_SPINCOUNT"), "torch" in sys.modules)
    raise SystemExit

{first}
"""


@pytest.mark.parametrize(
    ("first", "expected"),
    [("echoic.cli.make_app = shown; echoic.cli.main()", "1000 False"), ("shown(None)", "None False")],
)
def test_the_command_sets_it_before_torch_is_imported_and_a_plain_import_does_not(
    environment: dict[str, Any], first: str, expected: str
) -> None:
    process = subprocess.run(
        [sys.executable, "-c", PROBE.format(first=first)], env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == expected
