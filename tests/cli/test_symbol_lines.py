"""The lines of the command that users of music and text are promised, in a small form, and what they leave behind."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoic.cli import main
from echoic.sources.midi import read_songs
from echoic.types.score import Key, Note, Song
from echoic.writers.midi import midi_bytes

TINY = "--layers 8 --threads 1"
SMALL = f"{TINY} --epochs 1"
Command = Callable[[str], tuple[int, str, str]]


class Clock:
    """A clock that goes by how often it is looked at, so that a budget of time is one of steps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.01
        return self.seconds


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    def call(line: str) -> tuple[int, str, str]:
        clock = Clock()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["echoic", *line.split()])
            for module in ("loop", "clock"):
                patch.setattr(f"echoic.training.{module}.time", clock)
            patch.setattr("warnings.showwarning", None)
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    songs = {split: [[[48, 60 + step % 5] for step in range(16)]] * 3 for split in ("train", "valid", "test")}
    (tmp_path / "chorales.json").write_text(json.dumps(songs))
    (tmp_path / "midi_folder").mkdir()
    for number in range(10):
        notes = tuple(Note(beat / 4, 60 + number + beat % 5, 0.25) for beat in range(32))
        (tmp_path / "midi_folder" / f"{number}.mid").write_bytes(midi_bytes(Song("song", notes, keys=(Key(0.0, "D"),))))
    (tmp_path / "midi_folder" / "bad.mid").write_bytes(b"MThd")
    (tmp_path / "input.txt").write_text("ROMEO: but soft, what light. " * 60)
    return tmp_path


def done(result: tuple[int, str, str]) -> tuple[str, str]:
    code, out, err = result
    assert code == 0, err
    return out, err


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_music_from_rolls_to_a_tune(command: Callable[..., Any]) -> None:
    done(command(f"train music chorales.json --transpose all --head joint --minutes 0.1 {TINY} --out runs/jsb"))
    scored = json.loads(done(command("eval runs/jsb --json"))[0])
    assert scored["job"] == "music"
    assert {"nll_per_step", "frame_accuracy"} <= scored["scores"].keys()
    assert {"marginal", "markov"} <= scored["baselines"].keys()
    assert scored["songs"] == 3
    done(command(f"train music midi_folder/ --grid sixteenth {SMALL} --out runs/tunes"))
    line = "generate runs/tunes --prime midi_folder/3.mid --length 2bars --temperature 0.9 --seed 1 -o new.mid"
    _, err = done(command(line))
    assert "longest passage shared with a training song, in any key" in err
    (song,) = read_songs(Path("new.mid"), pedal=True)
    assert song.keys == (Key(0.0, "D"),)
    assert song.beats <= 8


@pytest.mark.usefixtures("folder")
def test_a_folder_with_a_bad_file_is_trained_on_and_the_file_is_named(command: Callable[..., Any]) -> None:
    _, err = done(command(f"train music midi_folder {SMALL} --out run"))
    assert "data: Files skipped (1):" in err
    assert "bad.mid, byte 4: the file ends inside its header; copy the file again." in err


@pytest.mark.usefixtures("folder")
def test_the_format_of_music_follows_the_file_ending(command: Callable[..., Any]) -> None:
    done(command(f"train music midi_folder {SMALL} --out run"))
    for name in ("new.png", "new.wav", "new.mid"):
        done(command(f"generate run --length 2bars --keep-prime -o {name}"))
        assert Path(name).stat().st_size > 100
    code, out, err = command("generate run -o new.mp3")
    assert (code, out) == (2, "")
    assert "with one of the endings .mid, .midi, .wav, .png, .pdf" in err


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_text_from_a_file_to_the_terminal(command: Callable[..., Any]) -> None:
    done(command(f"train text input.txt --split 0.9,0.1,0 --minutes 0.05 {TINY} --out runs/bard"))
    scored = json.loads(done(command("eval runs/bard --split dev --json"))[0])
    assert {"nats_per_char", "bits_per_char"} <= scored["scores"].keys()
    assert {"unigram", "bigram", "ngram5"} <= scored["baselines"].keys()
    out, err = done(command("generate runs/bard --prime ROMEO: --length 50 --temperature 0.8"))
    assert len(out) == 51
    assert err == ""
    done(command("generate runs/bard --prime ROMEO: --length 50 --temperature 0.8 --keep-prime -o new.txt"))
    assert Path("new.txt").read_text() == "ROMEO:" + out[:-1]


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_the_report_of_each_job_has_its_pictures(command: Callable[..., Any]) -> None:
    done(command(f"train music midi_folder {SMALL} --out tunes"))
    done(command(f"train text input.txt {SMALL} --out bard"))
    done(command("report tunes"))
    done(command("report bard"))
    assert {path.name for path in Path("tunes/figures").iterdir()} == {
        f"{key}.{ending}" for key in ("loss", "piano_roll") for ending in ("png", "pdf")
    }
    page = Path("tunes/report.html").read_text()
    assert "nll_per_step" in page
    assert "markov" in page
    assert "ngram5" in Path("bard/report.html").read_text()


@pytest.mark.usefixtures("folder")
def test_one_batch_is_overfitted(command: Callable[..., Any]) -> None:
    for line in (f"music midi_folder {SMALL}", f"text input.txt {SMALL}"):
        out, _ = done(command(f"check {line} --steps 60"))
        assert "The loss falls" in out


def test_help_has_the_defaults_of_the_job(command: Callable[..., Any]) -> None:
    out = " ".join(done(command("train music --help"))[0].split())
    assert "[default: 384]" in out
    assert "default: lstm]" in out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("train music input.txt --out new", "input.txt, byte 0: there is no MThd, so it is not a MIDI file"),
        ("train music missing.mid --out new", "missing.mid: no such file"),
        ("train music chorales.json --grid third --out new", "must be the duration of a step, such as quarter"),
        ("train music chorales.json --pitch-range 60-65 --out new", "at least an octave apart, got '60-65'"),
        ("train music chorales.json --transpose 7 --out new", "`pitch.transpose` must be 'none', 'all' or 'random'"),
        ("train text missing.txt --out new", "missing.txt: no such file"),
        ("train text input.txt --split 0.5,0.6,0 --out new", "must be fractions with a sum of at most 1"),
        ("train forecast input.txt chorales.json --out new", "Expected one file, got 2"),
    ],
)
def test_bad_input_exits_2_with_one_sentence(command: Callable[..., Any], line: str, words: str) -> None:
    code, out, err = command(line)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert not Path("new").exists()


@pytest.mark.slow
def test_text_comes_from_standard_input(folder: Path) -> None:
    line = [sys.executable, "-m", "echoic", "train", "text", "-", *SMALL.split(), "--out", "run"]
    text = (folder / "input.txt").read_bytes()
    finished = subprocess.run(line, input=text, capture_output=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert (folder / "run" / "model.safetensors").exists()
