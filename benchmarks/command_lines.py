"""Command lines: every verb of every job, with every format of output, on the data and runs of `small_jobs`."""

import shutil
from pathlib import Path

import numpy as np
import soundfile

from small_jobs import COMMON, SMALL_JOBS, write_data

RUNS = ["forecast", "text", "music", "audio", "classify", "detect", "classify-folds"]
"""Small jobs whose finished runs the lines use, by their names."""

STOPPED = ["forecast", "text", "classify-folds"]
"""Those that there is a copy of as if it had been stopped, `stopped-NAME`."""


def lines() -> list[str]:
    """All of them; each is run in a copy of the folder that `prepare` fills."""
    return [*_training(), *_predicting(), *_generating(), *_live(), *_describing()]


def prepare(folder: Path) -> None:
    """Fills a folder with data, finished runs, stopped runs and generated sound."""
    folder.mkdir(parents=True)
    write_data(folder)
    for name in RUNS:
        SMALL_JOBS[name].train(folder, folder / name)
    for name in STOPPED:
        shutil.copytree(folder / name, folder / f"stopped-{name}")
        newest = max((folder / f"stopped-{name}").rglob("step-*.safetensors"))
        newest.unlink()
    (folder / "values.csv").write_text("\n".join(f"{np.sin(step / 4):.3f}" for step in range(40)))
    draw = np.random.default_rng(0)
    for name in ("made", "real"):
        (folder / name).mkdir()
        for number in range(3):
            soundfile.write(folder / name / f"{number}.wav", 0.1 * draw.standard_normal(32000), 8000)


def _training() -> list[str]:
    settings = {"epochs": 1, "layers": 4, "threads": COMMON["threads"]}
    found = ["demo --out demo"]
    for name in RUNS:
        small = SMALL_JOBS[name]
        chosen = {**small.settings, **settings}
        options = " ".join(f"--set {key}={value}" for key, value in chosen.items() if key != "dropout")
        found.append(f"train {small.job} {small.data} {options} --out new")
    found += [f"train --from {name} --epochs 1 --out new" for name in ("forecast", "text", "classify")]
    found += [f"train --resume stopped-{name}" for name in STOPPED]
    checked = {small.job: small.data for small in SMALL_JOBS.values() if not small.from_run}
    return found + [f"check {job} {data} --layers 4 --threads 1 --steps 3" for job, data in checked.items()]


def _predicting() -> list[str]:
    inputs = {"forecast": "", "classify": " clips.ts", "detect": " 0.wav"}
    ways = ["", " --json", " -o out.csv", " -o out.parquet"]
    found = [f"predict {job}{data}{way}" for job, data in inputs.items() for way in ways]
    found += [f"eval {name}{way}" for name in RUNS for way in ("", " --json")]
    return [*found, "eval forecast --backtest out.csv", "eval forecast --backtest out.parquet --by-series"]


def _generating() -> list[str]:
    endings = {
        "forecast --length 30": ["csv", "parquet"],
        "text --length 60": ["txt"],
        "music --length 4beats": ["mid", "wav", "png", "pdf"],
        "audio --length 100samples": ["wav", "flac", "png", "pdf"],
    }
    found = [f"generate {request} -o out.{ending}" for request, some in endings.items() for ending in some]
    return [*found, "generate text --length 60", "generate audio --length 100samples --streams 3 -o streams"]


def _live() -> list[str]:
    """Without `serve`, which ends by a signal only."""
    return [
        "live forecast values.csv",
        "live forecast values.csv --state out.state",
        "live text text.txt --length 2",
        "live detect 0.wav --state out.state",
        "live audio 0.wav --length 100samples -o out.wav",
    ]


def _describing() -> list[str]:
    found = [f"report {name}" for name in RUNS]
    found += ["report forecast -o out.html", "report forecast text -o out.html"]
    found += ["drift made --against real", "drift made --against real --json -o out.html"]
    return [*found, "info", "info --json", *(f"info {name}" for name in RUNS)]
