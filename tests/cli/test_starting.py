"""Ctrl-C while the command still imports ends it at once, without a traceback."""

import signal
import subprocess
import sys

SCRIPT = """
import builtins, os, signal, echoic.__main__
real = builtins.__import__
def interrupted(name, *rest):
    if name == "echoic.cli":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = interrupted
echoic.__main__.main()
"""


def test_an_interrupt_during_the_imports_ends_the_command_without_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
