"""The machine that a benchmark ran on, and how its children are held to a number of threads."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NEVER = "10000000000"

CURED = {"MALLOC_TRIM_THRESHOLD_": NEVER, "MALLOC_MMAP_THRESHOLD_": NEVER}
"""With these glibc keeps freed memory: otherwise every contender pays page faults for its large arrays at each step."""

AVX2 = {
    "ECHOIC_KERNEL": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
}
"""What holds every contender but onnxruntime, which cannot be held, to an older processor's vectors; JAX has a flag."""

PACKAGES = ("echoic", "torch", "jax", "jaxlib", "keras", "onnxruntime", "numpy")


def environment(threads: int, *, avx2: bool) -> dict[str, str]:
    """Of a process whose libraries shall use so many threads, and with `avx2` no wider vectors."""
    count = str(threads)
    added = {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    flags = ["--xla_cpu_multi_thread_eigen=false"] * (threads == 1) + ["--xla_cpu_max_isa=AVX2"] * avx2
    held = AVX2 if avx2 else {}
    return {**os.environ, **CURED, **added, **held, "XLA_FLAGS": " ".join(flags)}


@contextmanager
def held_to(threads: int) -> Iterator[list[int]]:
    """Lets processes started meanwhile run on so many cores only, and says which.

    Raises:
        SystemExit: there are not so many.
    """
    before = os.sched_getaffinity(0)
    if threads > len(before):
        raise SystemExit(f"--threads {threads} needs as many cores, and this process may use {len(before)}.")
    cores = sorted(before)[:threads]
    os.sched_setaffinity(0, cores)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, before)


def processor() -> str:
    """The model as the system names it, with family and number, and the widest vectors it has."""
    facts: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    flags = facts.get("flags", "").split()
    vectors = next((name for name in ("avx512f", "avx2") if name in flags), "no AVX2")
    number = f"family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}"
    return f"{facts.get('model name', platform.processor())} ({number}, {vectors}), {os.cpu_count()} cores"


def versions() -> dict[str, str]:
    """Of every package that takes part, as far as it is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
