"""A signal while the command still imports ends it at once, without a traceback."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import builtins, os, sys, echoic.__main__
real = builtins.__import__
def interrupted(name, *rest):
    if name == "{module}":
        os.kill(os.getpid(), {number:d})
    return real(name, *rest)
builtins.__import__ = interrupted
sys.argv = ["echoic", "--version"]
echoic.__main__.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("module", ["echoic.cli", "typer"])
def test_a_signal_during_the_imports_ends_the_command_without_a_traceback(module: str, number: signal.Signals) -> None:
    script = SCRIPT.format(module=module, number=number)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, f"echoic: stopped by {number.name}.\n")


def test_a_signal_that_is_ignored_stays_ignored_as_nohup_wants_it() -> None:
    script = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    script += SCRIPT.format(module="echoic.cli", number=signal.SIGHUP)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
