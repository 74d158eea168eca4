"""Mutation tests: the fraction of random one-line bugs in a package that its own tests catch.

The mutants, of Python and of C++, are those of universalmutator. A seeded sample of them is tested on copies of the
repository, and the diff of each survivor is printed. Mutants that do not compile or import, and those that compile to
the same program, are not counted; one that exceeds a limit of CPU time or memory counts as caught.
"""

import argparse
import ast
import contextlib
import difflib
import io
import os
import queue
import random
import resource
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from universalmutator.mutator import mutants_regexp

from echoic import _kernel

ROOT = Path(__file__).resolve().parents[1]
COPIES = ROOT / "build" / "mutate"
MEMORY_BYTES = 8 << 30
TESTS = {
    "windows": ["tests/windows"],
    "training": ["tests/training", "tests/reliability/test_resume.py"],
    "heads": ["tests/heads", "tests/contracts/test_heads.py", "tests/contracts/test_symbol_heads.py"],
    "run": ["tests/run", "tests/reliability/test_damage.py"],
    "ops": ["tests/ops"],
    "kernel": ["kernel/test"],
}
RULES = {".py": ["universal", "python"], ".inl": ["universal", "c_like", "cpp"]}
NOT_MUTATED = {"all.inl", "peak.inl"}  # a list of includes, and a benchmark of the CPU
NOT_IMPORTED = {2, 4}  # exit codes of pytest: a test module, or a conftest, could not be imported


class Mutant(NamedTuple):
    """A file, relative to the root, and its text with one line changed."""

    path: Path
    text: str


def run(command: list[str | Path], folder: Path, cpu_s: int = 600) -> int:
    """The exit code of a command without output. It is killed after `cpu_s`, or if it waits for long.

    The limit counts CPU time, so that a busy machine does not catch mutants; ten times as much real time is a deadlock.
    """
    env = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "PYTHONDONTWRITEBYTECODE": "1"}
    quiet = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.DEVNULL)
    process = subprocess.Popen(command, cwd=folder, env=env, start_new_session=True, **quiet)
    resource.prlimit(process.pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
    try:
        return process.wait(10 * cpu_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def copy_repository(number: int) -> Path:
    """A copy of the working tree, with an environment that imports `echoic` from it."""
    copy = COPIES / str(number)
    shutil.rmtree(copy, ignore_errors=True)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(command, cwd=ROOT, text=True).splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    shutil.copy2(_kernel.__file__, copy / "src" / "echoic")
    # Packages are imported from these folders; the import hook of an editable installation does not run.
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", copy / ".venv"])
    folders = [str(copy / "src"), *(folder for folder in sys.path if folder.endswith("site-packages"))]
    next((copy / ".venv").glob("lib/python*/site-packages")).joinpath("copy.pth").write_text("\n".join(folders))
    return copy


def mutants_of(package: str, copy: Path) -> list[Mutant]:
    """All one-line changes that the rules make in the files of a package."""
    files = (copy / "kernel").glob("*.inl") if package == "kernel" else (copy / "src/echoic" / package).rglob("*.py")
    found = []
    for file in sorted(file for file in files if file.name not in NOT_MUTATED):
        lines = file.read_text().splitlines(keepends=True)
        with contextlib.redirect_stdout(io.StringIO()):
            changes = mutants_regexp(lines, RULES[file.suffix], ignorePatterns=[], ignoreStringOnly=True)
        for number, line, *_ in changes:
            found.append(Mutant(file.relative_to(copy), "".join([*lines[: number - 1], line, *lines[number:]])))
    return found


def logic(text: str) -> str | None:
    """Python code without what has no effect when it runs: docstrings, annotations, dead code; None if invalid."""
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return None
    tree = ast.parse(text)
    for node in ast.walk(tree):
        match node:
            case ast.arg():
                node.annotation = None
            case ast.AnnAssign():
                node.annotation = ast.Constant(None)
            case ast.FunctionDef() | ast.ClassDef():
                node.decorator_list = [one for one in node.decorator_list if ast.unparse(one) != "final"]
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(body := getattr(node, "body", None), list):
            node.body = effective(body)  # type: ignore[attr-defined]
    return ast.dump(tree)


def effective(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a block up to one that leaves it, without docstrings and `pass`."""
    found = []
    for one in body:
        if not isinstance(one, ast.Pass) and not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
            found.append(one)
        if isinstance(one, ast.Return | ast.Raise | ast.Break | ast.Continue):
            break
    return found


def sample(mutants: list[Mutant], count: int, seed: int, copy: Path) -> Iterator[Mutant]:
    """Random mutants; of those in Python only such as compile and differ in more than documentation."""
    shuffled = random.Random(seed).sample(mutants, len(mutants))  # noqa: S311
    parsed = {path: logic((copy / path).read_text()) for path in {one.path for one in mutants} if path.suffix == ".py"}
    good = (one for one in shuffled if one.path not in parsed or logic(one.text) not in {None, parsed[one.path]})
    return islice(good, count)


def build(copy: Path) -> bytes | None:
    """The compiled kernel test; None if it does not compile."""
    folder = copy / "build" / "kernel"
    configured = run(["cmake", "-S", copy, "-B", folder, "-DECHOIC_TESTS=ON"], copy)
    built = configured == 0 and run(["cmake", "--build", folder], copy) == 0
    return (folder / "kernel_test").read_bytes() if built else None


def tests_of(package: str, copy: Path, file: Path | None) -> list[str | Path]:
    """The tests of a package, those named after the mutated `file` first: most mutants are caught there."""
    folders = TESTS[package]
    related = [path for folder in folders for path in (copy / folder).rglob(f"test_{file.stem}.py")] if file else []
    return [*related, *folders]


def verdict(package: str, copy: Path, cpu_s: int, program: bytes | None = None, file: Path | None = None) -> str:
    """`caught`, `survived`, or `void`: it cannot be compiled or imported, or it is the same `program`."""
    if package == "kernel":
        built = build(copy)
        if built is None or built == program:
            return "void"
        code = run([copy / "build" / "kernel" / "kernel_test"], copy, cpu_s)
    else:
        pytest: list[str | Path] = [copy / ".venv/bin/python", "-m", "pytest", "-qx", "-p", "no:cacheprovider"]
        code = run([*pytest, *tests_of(package, copy, file)], copy, cpu_s)
        if code in NOT_IMPORTED:
            return "void"
    return "caught" if code else "survived"


def measure(package: str, count: int, seed: int, only: list[int], copies: list[Path]) -> None:
    """Tests `count` mutants, or `only` those with these numbers, and prints the survivors and the score."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if verdict(package, copies[0], 3600) != "survived":
        sys.exit(f"{package}: the tests fail without a mutation ({' '.join(TESTS[package])}).")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = 30 + 5 * round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    free: queue.Queue[tuple[Path, bytes | None]] = queue.Queue()
    for copy in copies:
        free.put((copy, build(copy) if package == "kernel" else None))

    mutants = mutants_of(package, copies[0])
    drawn = list(enumerate(sample(mutants, count, seed, copies[0]), 1))
    drawn = [one for one in drawn if one[0] in only] if only else drawn
    results: list[str] = []

    def judge(numbered: tuple[int, Mutant]) -> None:
        number, mutant = numbered
        copy, program = free.get()
        file = copy / mutant.path
        original = file.read_text()
        try:
            file.write_text(mutant.text)
            result = verdict(package, copy, cpu_s, program, mutant.path)
        finally:
            file.write_text(original)
            free.put((copy, program))
        results.append(result)
        if result == "survived":
            names = str(mutant.path), f"{mutant.path} (number {number} survived)"
            lines = difflib.unified_diff(original.splitlines(), mutant.text.splitlines(), *names, n=2, lineterm="")
            print(*lines, sep="\n", flush=True)
        print(f"{package}: number {number} {result}, {len(results)} of {len(drawn)}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(judge, drawn))
    caught, void = results.count("caught"), results.count("void")
    print(f"{package}: {caught} of {len(results) - void} caught, {void} void; seed {seed}", flush=True)


def main() -> None:
    """Measures the given packages."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"default: {' '.join(TESTS)}")
    parser.add_argument("--count", type=int, default=60, help="mutants of each package (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default: %(default)s)")
    parser.add_argument("--only", type=int, nargs="+", default=[], metavar="N", help="mutants of the sample to test")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at once (default: all CPUs)")
    options = parser.parse_args()
    if unknown := set(options.packages) - TESTS.keys():
        parser.error(f"unknown package {', '.join(sorted(unknown))}; choose from {', '.join(TESTS)}")
    warnings.simplefilter("ignore", SyntaxWarning)  # of mutants
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    copies = [copy_repository(number) for number in range(options.jobs)]
    for package in options.packages or TESTS:
        measure(package, options.count, options.seed, options.only, copies)


if __name__ == "__main__":
    main()
