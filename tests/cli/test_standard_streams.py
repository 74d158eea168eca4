"""Standard output that cannot be written is said, a reader that has gone is not, and standard error may be lost."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from echoic.write_errors import cannot_be_written

FULL = Path("/dev/full")

needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no full device")


def echoic(script: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """The end of `echoic SCRIPT REDIRECT` in a shell, with its exit code as the last line."""
    line = f"{sys.executable} -m echoic {script} {redirect}"
    return subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False)


def test_a_reader_that_has_gone_ends_the_command_in_silence() -> None:
    done = echoic("train forecast --help", "| (exec <&-; sleep 1)")
    assert (done.returncode, done.stderr) == (141, "")


@needs_full
@pytest.mark.parametrize("line", ["--version", "train forecast --help"])
def test_a_full_standard_output_is_said(line: str) -> None:
    done = echoic(line, "> /dev/full")
    assert done.returncode == 2
    sentence = "standard output cannot be written (No space left on device): free some space, or choose another place"
    assert done.stderr == f"echoic: {sentence}.\n"


@needs_full
def test_a_standard_error_that_cannot_be_written_changes_nothing() -> None:
    assert echoic("info missing", "2> /dev/full").returncode == 2
    assert echoic("--version", "2>&-").returncode == 0


@pytest.mark.parametrize("redirect", [">&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_error(redirect: str) -> None:
    done = echoic("--version", redirect)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, ""), "x cannot be written (No space left on device): free some space, or"),
        (OSError("parquet: (os error 28)"), "x cannot be written (No space left on device): free some space, or"),
        (OSError(errno.EROFS, ""), f"x cannot be written ({os.strerror(errno.EROFS)}): choose another place"),
        (ValueError("a nested column"), "x cannot be written (a nested column)"),
    ],
)
def test_the_sentence_has_the_reason_and_the_remedy(error: Exception, sentence: str) -> None:
    assert cannot_be_written("x", error).startswith(sentence)
