"""What the compiler made of kernel/: nothing made for a newer CPU may be reached, or linked, by an older one.

An inline function that a target's file emits may be the copy that the linker keeps for everybody.
"""

import platform
import re
import shutil
from typing import Any

import pytest

VECTOR_TARGETS = ["target_avx2", "target_avx512", "target_avx512_bf16"]
TILES = "target_amx"
"""Left out where the compiler or the system has none."""
X86 = platform.machine() in {"x86_64", "AMD64"}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not X86, reason="the vector targets are for x86-64")]


def tool(name: Any) -> Any:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name}")
    return found


def test_the_quick_claims_of_kernel_test_hold(built: Any, output_of: Any) -> None:
    """All of them are checked by `scripts/sanitize`."""
    closing = output_of(built / "kernel_test", "quick").splitlines()[-1]
    passed = re.fullmatch(r"(\d+) passed, 0 failed", closing)
    assert passed, closing
    assert int(passed[1]) > 1000


def test_every_source_is_among_the_objects(objects: Any) -> None:
    assert objects.keys() >= {"cpu", "dispatch", "plan", "team", "target_scalar", *VECTOR_TARGETS}


@pytest.mark.parametrize("target", [*VECTOR_TARGETS, TILES])
def test_a_target_defines_one_global_symbol_and_none_that_is_weak(objects: Any, output_of: Any, target: Any) -> None:
    if target not in objects:
        pytest.skip("the compiler has no tiles")
    lines = [line.split() for line in output_of(tool("nm"), "--defined-only", objects[target]).splitlines()]
    # Lower case is local, but for v and w, which are weak, and u, which is unique in the whole process.
    shared = [(name, kind) for _, kind, name in lines if kind.isupper() or kind in "vwu"]
    assert [name for name, _ in shared] == [target.removeprefix("target_") + "_kernels"], shared
    assert shared[0][1] in "RD"


def vector_instructions(listing: Any) -> Any:
    return [line for line in listing.splitlines() if re.search(r"%[yz]mm|\tv[a-z0-9]+\s.*%xmm|%k[0-7]\b", line)]


@pytest.mark.parametrize("target", VECTOR_TARGETS)
def test_wide_instructions_are_found_where_they_belong(objects: Any, output_of: Any, target: Any) -> None:
    assert len(vector_instructions(output_of(tool("objdump"), "-d", objects[target]))) > 100


def tile_instructions(listing: Any) -> Any:
    return re.findall(r"\t(ldtilecfg|sttilecfg|tilerelease|tilezero|tileloaddt?1?|tilestored|tdp\w+)\b", listing)


def test_tiles_are_used_in_one_object_alone(objects: Any, output_of: Any) -> None:
    """Each instruction is used there, but for those for which there is no use."""
    found = {name: set(tile_instructions(output_of(tool("objdump"), "-d", path))) for name, path in objects.items()}
    if TILES not in objects:
        pytest.skip("the compiler has no tiles")
    assert found.pop(TILES) == {"ldtilecfg", "tileloadd", "tdpbf16ps", "tilestored", "tilerelease"}
    assert not any(found.values()), found


def test_baseline_code_has_no_wide_instructions(objects: Any, output_of: Any) -> None:
    baseline = {name: path for name, path in objects.items() if name not in (*VECTOR_TARGETS, TILES)}
    for name, path in baseline.items():
        assert vector_instructions(output_of(tool("objdump"), "-d", path)) == [], name


@pytest.mark.parametrize(("cpu", "targets"), [("Nehalem", "scalar"), ("Haswell", "avx2 scalar")])
def test_an_older_cpu_gets_the_kernels_it_supports(built: Any, output_of: Any, cpu: Any, targets: Any) -> None:
    """The widest are checked: the others are those of still older ones."""
    widest = targets.split()[0]
    lines = output_of(tool("qemu-x86_64"), "-cpu", cpu, built / "kernel_test", "quick", widest).splitlines()
    assert lines[0] == f"targets: {targets}"
    assert re.fullmatch(r"[1-9]\d+ passed, 0 failed", lines[-1]), lines[-1]


def test_a_cpu_with_half_of_what_a_target_needs_does_not_get_it(built: Any, output_of: Any) -> None:
    """AVX, but not AVX2."""
    listed = output_of(tool("qemu-x86_64"), "-cpu", "SandyBridge", built / "kernel_test", "targets")
    assert listed == "targets: scalar\n"
