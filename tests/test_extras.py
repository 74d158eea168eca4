"""Optional packages: what works without them, and the sentence where one is missing."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import echoic
from echoic.errors import MissingExtraError
from echoic.extras import EXTRAS, LazyModule, missing
from echoic.types.score import Note, Song
from echoic.writers.midi import midi_bytes

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
WITHOUT_EXTRAS = f"""
import sys
sys.modules |= dict.fromkeys({sorted(EXTRAS)})
from echoic.cli import main
main()
"""
"""The command in an environment in which no optional package can be imported."""


def run_without_extras(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_version_is_that_of_the_installed_package() -> None:
    assert echoic.__version__ == version("echoic") == PROJECT["version"]


def test_every_optional_package_is_installed_by_its_extra() -> None:
    extras = PROJECT["optional-dependencies"]
    names = {"sklearn": "scikit-learn"}
    for package, extra in EXTRAS.items():
        assert any(line.startswith(names.get(package, package)) for line in extras[extra]), package
    assert extras["all"] == ["echoic[music,sound,serve,sklearn,statistical,holidays,hdf5,tune,postgresql]"]


def test_lazy_module_imports_on_first_use() -> None:
    assert LazyModule("soxr").__name__ == "soxr"


def test_lazy_module_without_its_package_names_the_extra(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(MissingExtraError, match=r"mido is not installed; .*pip install 'echoic\[music\]'"):
        _ = LazyModule("mido").MidiFile


def test_a_package_that_is_broken_itself_is_reported_as_it_is() -> None:
    error = ModuleNotFoundError("No module named '_soundfile_data'", name="_soundfile_data")
    assert missing("soundfile", error) is error


def write_song(path: Path) -> None:
    path.write_bytes(midi_bytes(Song("scale", tuple(Note(beat, 60 + beat % 8, 1.0) for beat in range(64)))))


def write_sound(path: Path) -> None:
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 16000), 4000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("job", "name", "write", "extra"),
    [("music", "song.mid", write_song, "music"), ("audio", "noise.wav", write_sound, "sound")],
)
def test_job_without_its_extra_exits_2_with_the_command_to_run(
    tmp_path: Any, job: Any, name: Any, write: Any, extra: Any
) -> None:
    write(tmp_path / name)
    done = run_without_extras("train", job, tmp_path / name, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith(f"pip install 'echoic[{extra}]'")
    assert not (tmp_path / "run").exists()


def test_tuning_without_its_extra_names_it_before_there_is_a_folder(tmp_path: Any) -> None:
    done = run_without_extras("tune", "forecast", "synth:sine", "--out", tmp_path / "study")
    assert done.returncode == 2
    sentence = "echoic: The package optuna is not installed; install it with: pip install 'echoic[tune]'"
    assert done.stderr.strip() == sentence
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_sklearn_interface_without_its_extra_names_it() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import echoic.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1].endswith("pip install 'echoic[sklearn]'")
