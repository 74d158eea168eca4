"""What every verb promises: help that works, and one sentence for bad input."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forked_processes import without_forking

import echoic
from echoic.cli import VERBS, main

HELP_STARTS = 15
"""The help may take as long as `python -c pass` so many times: 0.2 s where that takes 0.013 s."""

HUNG_S = 600

HEAVY = {"torch", "pydantic", "polars", "pandas", "matplotlib", "plotly", "scipy", "numpy"}

OPTIONS = {
    "demo": ("--out", "--seed"),
    "train": ("--resume", "forecast"),
    "tune": ("--resume", "forecast"),
    "check": ("forecast",),
    "eval": ("--split", "--stride", "--backtest", "--json"),
    "predict": ("--output", "FILE"),
    "generate": ("--length", "--prime", "--temperature", "--seed", "--output"),
    "live": ("--state", "--length", "--rate-hz", "INPUT"),
    "serve": ("--port", "--token", "--no-browser", "RUN"),
    "drift": ("--against", "--training", "--output", "--json"),
    "report": ("--output", "RUN"),
    "info": ("--json", "RUN"),
}
"""What the help of each verb has to name."""

BAD: dict[str, dict[str, tuple[str, str]]] = {
    "demo": {
        "taken folder": ("demo --out {run}", "already exists"),
    },
    "train": {
        "json before the job": ("train --json forecast synth:sine --out new", "come after the name of the job"),
        "no job": ("train", "requires a job"),
        "unknown job": ("train forecats synth:sine --out new", "did you mean 'forecast'? Choose from forecast, music"),
        "data before the job": ("train synth:sine forecast --out new", "The job comes before the data."),
        "no data": ("train forecast missing.csv --out new", "missing.csv: no such file"),
        "no such signal": ("train forecast synth:nothing --out new", "nothing"),
        "unknown setting": ("train forecast synth:sine --out new --set lookbak=3", "did you mean 'lookback'"),
        "no value": ("train forecast synth:sine --out new --set lookback", "takes key=value"),
        "bad value": ("train forecast synth:sine --out new --layers 0", "positive layer sizes, got '0'"),
        "no number": ("train forecast synth:sine --out new --epochs many", "train.epochs"),
        "no settings": ("train forecast synth:sine --out new --config missing.toml", "missing.toml cannot be read"),
        "no device": ("train forecast synth:sine --out new --device nothing", "not available here"),
        "one network": ("train forecast synth:sine --out new --workers 2", "it is for cross-validation (`folds`) and"),
        "seeds of a run": ("train --from {run} --out new --seeds 2", "leave out --from"),
        "seeds into a run": ("train forecast synth:sine --out {run} --seeds 2", "already exists; choose another --out"),
        "too short": ("train forecast synth:sine,steps=30 --out new --lookback 96", "but requires 97"),
        "taken folder": ("train forecast synth:sine --out {run}", "already exists"),
        "no run": ("train --resume missing", "missing is not a run folder"),
        "endless number": ("train forecast synth:sine --out new --grad-clip-norm inf", "train.grad_clip_norm"),
    },
    "tune": {
        "no job": ("tune", "requires a job"),
        "unknown job": ("tune forecats synth:sine --out new", "did you mean 'forecast'? Choose from forecast, music"),
        "job and study": ("tune --resume {run} forecast synth:sine", "`--resume STUDY` and `--join URL` take no job"),
        "no study": ("tune --resume missing", "missing is not a study (no study.json)"),
        "a run": ("tune --resume {run}", "is not a study (no study.json)"),
        "taken folder": ("tune forecast synth:sine --out {run}", "already exists"),
        "no data": ("tune forecast missing.csv --out new", "missing.csv: no such file"),
        "unknown setting": ("tune forecast synth:sine --out new --search lookbak=3,4", "did you mean 'lookback'"),
        "nothing to choose": ("tune forecast synth:sine --out new --search lr=0.1", "needs two or more values"),
        "no range": ("tune forecast synth:sine --out new --search cell=lstm..gru", "`cell` has no range"),
        "fixed and searched": ("tune forecast synth:sine --out new --lr 1 --search lr", "both fixed and searched"),
        "fixed twice": ("tune forecast synth:sine --out new --fix lr", "takes key=value"),
        "no sampler": ("tune forecast synth:sine --out new --sampler best", "`sampler` must be 'tpe', 'genetic'"),
        "no goal": ("tune forecast synth:sine --out new --goal mse", "must be loss, or loss and others"),
        "a range in a grid": ("tune forecast synth:sine --out new --sampler grid", "`--sampler grid` needs lists"),
    },
    "check": {
        "unknown job": ("check data.csv", "Unknown job 'data.csv'; choose from forecast, music"),
        "no data": ("check forecast missing.csv", "missing.csv: no such file"),
        "unknown setting": ("check forecast synth:sine --set window.horzon=3", "did you mean 'window.horizon'"),
    },
    "eval": {
        "no run": ("eval missing", "missing is not a run folder"),
        "no data": ("eval {run} missing.csv", "missing.csv: no such file"),
        "part of new data": ("eval {run} missing.csv --split dev", "`--split` selects from the run's own data"),
        "no part": ("eval {run} --split tset", "must be one of train, dev, test, got 'tset'"),
    },
    "predict": {
        "no run": ("predict missing -o out.csv", "missing is not a run folder"),
        "no data": ("predict {run} missing.csv -o out.csv", "missing.csv: no such file"),
        "no folder": ("predict {run} -o missing/out.csv", "cannot be written"),
    },
    "generate": {
        "no run": ("generate missing -o out.csv", "missing is not a run folder"),
        "no data": ("generate {run} --prime missing.csv -o out.csv", "missing.csv: no such file"),
        "bad length": ("generate {run} --length 0 -o out.csv", "`length` must be at least 1, got"),
        "bad temperature": ("generate {run} --temperature -1 -o out.csv", "`temperature` must be at least 0, got"),
        "no file to write": ("generate {run}", "name a CSV or Parquet file with -o FILE"),
        "draws of symbols": (
            "generate {run} --top-k 3 -o out.csv",
            "`top_k` is not an option of forecast runs; it is for music, text and audio runs",
        ),
        "streams of a series": (
            "generate {run} --streams 3 -o out.csv",
            "`streams` is not an option of forecast runs; it is for audio runs",
        ),
        "empty prime": ("generate {run} --prime 0 -o out.csv", "the prime must have 1 to 120 steps, got 0"),
        "long prime": ("generate {run} --prime 121 -o out.csv", "the prime must have 1 to 120 steps, got 121"),
    },
    "live": {
        "no run": ("live missing", "missing is not a run folder"),
        "no file": ("live {run} missing.csv", "missing.csv cannot be read"),
        "raw samples": ("live {run} --rate-hz 8000", "Raw samples are for runs on sound; this one takes values"),
        "nothing to continue": (
            "live {run} --length 5",
            "`--length` is for text, music and audio runs, not for forecast",
        ),
        "a file of nothing": (
            "live {run} -o out.wav --temperature 2 --seed 1",
            "--output, --temperature, --seed: only with --length; leave it out",
        ),
        "nothing that is partial": (
            "live {run} --partial",
            "`--partial` is for clips and lines of text, not for forecast runs",
        ),
        "no clips": ("live {run} --pause-s 1", "`stream` has no option `pause_s` for forecast runs; it has series"),
        "no such series": ("live {run} --series none", "`series` must be a series of the run"),
        "no state": ("live {run} {run}/config.json --state {run}/config.json", "The state cannot be used"),
    },
    "serve": {
        "no run": ("serve missing", "missing is not a run folder"),
        "the same run twice": ("serve {run} {run}", "Two runs are named"),
        "other machines without a token": ("serve {run} --host 0.0.0.0", "choose a secret with --token"),
        "a short token": ("serve {run} --token short", "`--token` must have at least 16 characters"),
        "no address": ("serve {run} --host 256.1.1.1 --token aaaaaaaaaaaaaaaa", "cannot be used"),
    },
    "drift": {
        "no sound": ("drift missing --against missing", "missing: no such file"),
    },
    "report": {
        "no run": ("report missing", "missing is not a run folder"),
        "folder that cannot be made": ("report {run} -o missing/page.html", "missing"),
        "no page": ("report {run} {run}", "set -o"),
    },
    "info": {
        "no run": ("info missing", "missing is not a run folder"),
    },
}
CASES = [(verb, case) for verb, cases in BAD.items() for case in cases]

USAGE = {
    **{f"{verb} with an unknown option": f"{verb} --nothing" for verb in VERBS},
    "an unknown verb": "evla",
    "an unknown option": "--nothing",
    "train without data": "train forecast --out new",
    "train without a folder": "train forecast synth:sine",
    "train without a seed": "train forecast synth:sine --out new --seeds 0",
    "train without a worker": "train forecast synth:sine --out new --workers 0",
    "tune without data": "tune forecast --out new",
    "tune without a folder": "tune forecast synth:sine",
    "tune without a trial": "tune forecast synth:sine --out new --workers 0",
    "train with an unknown option": "train forecast synth:sine --out new --lookbak 3",
    "eval without a run": "eval",
    "eval with an unknown choice": "eval run --on-error perhaps",
    "predict without a run": "predict",
}


def run_python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    with without_forking():
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HUNG_S,
            check=False,
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verbs") / "run"
    settings = {"strategy": "recursive", "lookback": 10, "layers": (3,), "epochs": 1, "threads": 1}
    echoic.train("forecast", "synth:sine,steps=120", out=path, config=settings)
    return path


class Command:
    """`echoic` in this process: its exit code, and what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capfd = capfd

    def __call__(self, line: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["echoic", *line.split()])
        with self.monkeypatch.context() as patch:
            patch.setattr("warnings.showwarning", None)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = self.capfd.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capfd)


def test_every_verb_has_its_cases() -> None:
    assert OPTIONS.keys() == BAD.keys() == VERBS.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_help_describes_the_verb_and_its_options(command: Command, verb: str) -> None:
    code, out, err = command(f"{verb} --help")
    assert code == 0
    assert err == ""
    assert VERBS[verb] in " ".join(out.split())
    for option in OPTIONS[verb]:
        assert option in out


@pytest.mark.parametrize("job", ["train", "check", "tune"])
def test_help_of_a_job_names_every_setting_and_its_default(command: Command, job: str) -> None:
    code, out, _ = command(f"{job} forecast --help")
    assert code == 0
    for setting in ("--lookback", "--horizon", "--split", "--layers", "--minutes", "--time", "--set", "--config"):
        assert setting in out
    assert "default: gru]" in " ".join(out.split())


def test_the_version_is_one_line(command: Any) -> None:
    assert command("--version") == (0, f"echoic {echoic.__version__}\n", "")


@pytest.mark.parametrize("verb", ["", "train", "train forecast", "generate", "eval"])
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_help_fits_the_terminal_and_is_never_cut(command: Any, monkeypatch: Any, verb: Any, columns: Any) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = command(f"{verb} --help")
    assert max(map(len, out.splitlines())) <= int(columns)
    assert not any(line.endswith(("…", "...")) for line in out.splitlines()[1:])


def test_help_of_the_command_has_the_whole_sentence_of_each_verb(command: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = command("--help")
    assert all(sentence in " ".join(out.split()) for sentence in VERBS.values())


@pytest.mark.parametrize("verb", [*VERBS, "train forecast", "check detect"])
def test_help_has_no_names_of_python_types(command: Any, verb: str) -> None:
    _, out, _ = command(f"{verb} --help")
    assert not re.search(r"<(path|str|int|list|bool)\b", out)


@pytest.mark.parametrize(("verb", "case"), CASES)
def test_bad_input_exits_2_with_one_sentence_on_stderr(
    command: Command, run: Path, tmp_path: Path, verb: str, case: str
) -> None:
    line, reason = BAD[verb][case]
    code, out, err = command(line.format(run=run))
    assert code == 2
    assert out == ""
    assert reason in err
    *introduction, sentence = err.splitlines()
    assert sentence.startswith("echoic: ")
    assert introduction == [] or verb == "demo"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", USAGE)
def test_bad_usage_exits_2_and_ends_with_one_sentence_on_stderr(command: Command, case: str) -> None:
    code, out, err = command(USAGE[case])
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    *usage, sentence = err.splitlines()
    assert sentence.startswith("Error: ")
    assert "Value error" not in sentence
    assert usage[0].startswith("Usage: echoic")


def test_an_unexpected_option_suggests_the_nearest(command: Command) -> None:
    _, _, err = command("train forecast synth:sine --out new --lookbak 3")
    assert "--lookback" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("tr", "train"),
        ("train fore", "forecast"),
        ("eval --str", "--stride"),
        ("train forecast --lookb", "--lookback"),
        ("generate run --temp", "--temperature"),
    ],
)
def test_shells_complete_verbs_jobs_and_options(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], line: str, found: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["echoic"])
    monkeypatch.setenv("_ECHOIC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"echoic {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
    with pytest.raises(SystemExit):
        main()
    assert found in capfd.readouterr().out.split()


def test_an_unknown_option_suggests_no_hidden_one(command: Command) -> None:
    _, _, err = command("train forecast synth:sine --out new --lookahea 3")
    assert "--lookahead" not in err


def test_without_anything_the_command_explains_itself(command: Command) -> None:
    code, out, err = command("")
    assert code == 2
    assert all(verb in out + err for verb in VERBS)


def cpu_seconds(*arguments: str) -> float:
    """What a process of Python takes of a core, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run_python(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_quick() -> None:
    rounds = [(cpu_seconds("-c", "pass"), cpu_seconds("-m", "echoic", "--help")) for _ in range(5)]
    bare, help_ = (min(column) for column in zip(*rounds, strict=True))
    assert help_ < HELP_STARTS * bare, f"{help_:.3f} s; bare Python takes {bare:.3f} s"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, atexit; sys.argv[1:] = ['--help']; import echoic.cli as cli\n"
    code += "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); cli.main()"
    done = run_python("-c", code)
    assert "echoic.cli" in done.stderr.split()
    assert {name.partition(".")[0] for name in done.stderr.split()} & HEAVY == set()


@pytest.mark.parametrize("way", [("-m", "echoic"), (str(Path(sys.executable).with_name("echoic")),)])
def test_the_command_can_be_called_both_ways(way: tuple[str, ...]) -> None:
    done = run_python(*way, "--help")
    assert done.returncode == 0
    assert "Usage: " in done.stdout
    assert done.stderr == ""


@pytest.mark.slow
def test_a_real_process_prints_no_traceback(tmp_path: Path) -> None:
    done = run_python("-m", "echoic", "eval", "missing", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == ("echoic: missing is not a run folder (no config.json); create one with `echoic train`.\n")
