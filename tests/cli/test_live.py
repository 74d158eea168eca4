"""`echoic live`: results line by line, as soon as the input has what they need."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from job_data import beeps, hum, lines, signals, sine, tunes

import echoic
from echoic.api.run import Run
from echoic.cli import main

COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}

Live = Callable[..., tuple[list[Any], str]]


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Live:
    """Runs the command on some bytes of standard input; returns the records and what it said."""

    def run(data: bytes, *words: str | Path) -> tuple[list[Any], str]:
        monkeypatch.setattr(sys, "argv", ["echoic", "live", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, said = capfd.readouterr()
        assert "Traceback" not in said
        assert not code or said
        return [json.loads(line) for line in out.splitlines()], said

    return run


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("detect")
    settings = {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5, "lr": 2e-2, "epochs": 12}
    return echoic.train("detect", signals(folder), out=folder / "run", **COMMON | settings)


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("forecast")
    np.savetxt(folder / "sine.csv", sine(folder), header="y", comments="", fmt="%.7g")
    return echoic.train("forecast", folder / "sine.csv", out=folder / "run", lookback=8, horizon=2, **COMMON)


def raw(file: Path) -> bytes:
    return bytes(soundfile.read(file, dtype="int16")[0].astype("<i2").tobytes())


@pytest.mark.filterwarnings("default::UserWarning")
def test_raw_sound_and_wav_give_the_events_of_predict(live: Live, detector: Run) -> None:
    file = next(detector.path.parent.glob("test*.wav"))
    table = detector.predict(file)
    expected = list(zip(table["onset_s"], table["offset_s"], table["label"], strict=True))
    assert len(expected) > 3
    for data, words in ((raw(file), ()), (file.read_bytes(), ()), (b"", (file,))):
        records, _ = live(data, detector.path, *words)
        assert [(one["onset_s"], one["offset_s"], one["label"]) for one in records] == expected
    # In the middle of a sample, with the state in a file: the last events wait for what follows.
    state = detector.path.parent / "state"
    first, said = live(raw(file)[:5001], detector.path, "--state", state)
    assert f"{state}: saved" in said
    assert "ends inside a sample (1 of 2 bytes)" in said
    second, _ = live(raw(file)[5000:], detector.path, "--state", state)
    assert [*first, *second] == records[: len(first) + len(second)]
    assert len(first) + len(second) >= len(records) - 1


@pytest.mark.filterwarnings("default::UserWarning")
def test_other_rates_are_resampled(live: Live, detector: Run) -> None:
    file = next(detector.path.parent.glob("test*.wav"))
    stretched = np.repeat(soundfile.read(file, dtype="int16")[0], 2).astype("<i2").tobytes()
    records, said = live(stretched, detector.path, "--rate-hz", "4000")
    assert not said
    assert len(records) == len(live(raw(file), detector.path)[0])
    _, said = live(raw(file), detector.path, "--rate-hz", "1000")
    assert "Sampled at a lower rate than the 2,000 Hz that the network was trained at: 1 file (standard input)." in said


def test_a_state_goes_on_after_a_wrong_line(live: Live, forecaster: Run, tmp_path: Path) -> None:
    values = [f"{value:.7g}\n" for value in sine(tmp_path)[:30]]
    whole, _ = live("".join(["y\n", *values]).encode(), forecaster.path)
    assert [one["step"] for one in whole] == list(range(1, 31))
    assert set(whole[-1]) == {"step", "mean", "lo-80", "hi-80", "lo-95", "hi-95"}
    state = tmp_path / "state"
    first, said = live("".join([*values[:20], "oops\n"]).encode(), forecaster.path, "--state", state)
    assert "line 21 has 'oops' for 'y', which is no number" in said
    second, _ = live("".join(values[20:]).encode(), forecaster.path, "--state", state)
    assert [*first, *second] == whole


def test_values_are_refused_as_in_files(live: Live, forecaster: Run) -> None:
    records, said = live(b"1\n1e308\n", forecaster.path)
    assert len(records) == 1
    assert "infinite or beyond 3.4e38" in said


def test_a_pipe_is_no_state(live: Live, forecaster: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state")
    records, said = live(b"1\n", forecaster.path, "--state", tmp_path / "state")
    assert not records
    assert "state is not a regular file" in said


def test_text_is_completed_after_each_line(live: Live, tmp_path: Path) -> None:
    run = echoic.train("text", lines(tmp_path), out=tmp_path / "run", split=(0.6, 0.2, 0.2), batch_size=4, **COMMON)
    records, _ = live("abc\nde\xff".encode("latin-1"), run.path, "--length", "7", "--seed", "3")
    assert [one["characters"] for one in records[::2]] == [4, 3]
    assert all(len(one["next"]) == 5 for one in records[::2])
    assert records[1]["completion"] == run.generate(7, prime="abc\n", seed=3)
    assert len(records[3]["completion"]) == 7


def test_music_and_sound_go_on_at_the_end(live: Live, tmp_path: Path) -> None:
    run = echoic.train("music", tunes(tmp_path), out=tmp_path / "music", **COMMON)
    records, _ = live(b"[48, 60]\n[48, 62]\n", run.path, "--length", "3")
    assert [list(one) for one in records] == [["nats"], ["nats"], *[["pitches", "onsets"]] * 3]
    small = {"frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16}
    audio = echoic.train("audio", hum(tmp_path), out=tmp_path / "audio", **COMMON | small)
    prime = tmp_path / "hum.wav"
    records, said = live(b"", audio.path, prime, "--length", "0.1s", "-o", tmp_path / "made.wav")
    assert sum(one["samples"] for one in records) == 4000
    made = soundfile.read(tmp_path / "made.wav", dtype="float32")[0]
    np.testing.assert_allclose(made, audio.generate("0.1s", prime=prime).samples[0], atol=1e-4)
    for words in (("--length", "1s"), ("--length", "1s", "-o", "made.ogg"), ("--length", "0s", "-o", "made.wav")):
        records, said = live(raw(prime), audio.path, *words)
        assert not records
        assert said.count("\n") == 1


def test_clips_end_at_pauses(live: Live, tmp_path: Path) -> None:
    run = echoic.train("classify", beeps(tmp_path), out=tmp_path / "run", n_mels=8, batch_size=4, **COMMON)
    beep = soundfile.read(tmp_path / "2-None.wav", dtype="float32")[0]
    silence = np.zeros(2000, np.float32)
    data = (np.concatenate([silence, beep, silence, beep, silence]) * 32767).astype("<i2").tobytes()
    records, _ = live(data, run.path)
    assert [round(one["onset_s"], 1) for one in records] == [0.9, 2.2] or len(records) == 2
    assert all(one["ended"] for one in records)
    partial, _ = live(data, run.path, "--partial")
    assert [one for one in partial if one["ended"]] == records
    assert len(partial) > len(records)
    (one,), _ = live(data, run.path, "--pause-s", "0")
    assert one["offset_s"] == pytest.approx(len(data) / 4000)


def test_every_result_is_flushed_before_the_next_line_comes(forecaster: Run) -> None:
    command = [sys.executable, "-m", "echoic", "live", str(forecaster.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for step in range(1, 4):
            process.stdin.write(f"{step}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["step"] == step
        process.stdin.close()
        assert process.wait() == 0
