import subprocess
import sys

import pytest

# How many bytes stay with the process when 40 MB are freed.
PROBE = """
import numpy, os
{first}
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before = resident()
block = numpy.ones(5_000_000)
del block
print(resident() - before)
"""
TUNE = "from echoic.cli.allocator import keep_freed_memory; keep_freed_memory()"


def kept_bytes(first: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(first=first)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_the_command_keeps_freed_memory_and_a_plain_import_does_not() -> None:
    assert kept_bytes(TUNE) > 35_000_000
    assert kept_bytes("import echoic, echoic.cli, torch, echoic.ops") < 5_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_allocator_settings_of_the_user_are_kept() -> None:
    assert kept_bytes(TUNE, MALLOC_MMAP_THRESHOLD_="1000000") < 5_000_000
