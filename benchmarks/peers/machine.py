"""The machine of a benchmark, and limits on the threads and vector width of child processes."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NO_LIMIT = "10000000000"

ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": NO_LIMIT, "MALLOC_MMAP_THRESHOLD_": NO_LIMIT}
"""Makes glibc keep freed memory; otherwise each step pays page faults for its large arrays."""

AVX2 = {
    "ECHOIC_KERNEL": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
}
"""Limits all contenders to AVX2, except JAX, which has a flag, and onnxruntime, which cannot be limited."""

PACKAGES = ("echoic", "torch", "jax", "jaxlib", "keras", "onnxruntime", "numpy")


def environment(threads: int, *, avx2: bool) -> dict[str, str]:
    """Environment of a process with a number of threads, limited to AVX2 by `avx2`."""
    count = str(threads)
    added = {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    flags = ["--xla_cpu_multi_thread_eigen=false"] * (threads == 1) + ["--xla_cpu_max_isa=AVX2"] * avx2
    limits = AVX2 if avx2 else {}
    return {**os.environ, **ALLOCATOR, **added, **limits, "XLA_FLAGS": " ".join(flags)}


@contextmanager
def pinned(threads: int) -> Iterator[list[int]]:
    """Pins processes started in the context to as many cores as `threads`, and yields these.

    Raises:
        SystemExit: fewer cores are available.
    """
    before = os.sched_getaffinity(0)
    if threads > len(before):
        raise SystemExit(f"--threads {threads} requires {threads} cores, got {len(before)}; use fewer threads.")
    cores = sorted(before)[:threads]
    os.sched_setaffinity(0, cores)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, before)


def processor() -> str:
    """Name, family and model of the processor, its widest vectors and its number of cores."""
    fields: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags", "").split()
    vectors = next((name for name in ("avx512f", "avx2") if name in flags), "no AVX2")
    number = f"family {fields.get('cpu family', '?')}, model {fields.get('model', '?')}"
    return f"{fields.get('model name', platform.processor())} ({number}, {vectors}), {os.cpu_count()} cores"


def versions() -> dict[str, str]:
    """Versions of the installed packages among `PACKAGES`."""
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed
