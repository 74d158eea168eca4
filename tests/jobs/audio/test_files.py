"""Generated sound as files and pictures."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_runs import Voice

from echoic.api.run import Run
from echoic.config.audio import AudioRequest
from echoic.drift.charts import strip
from echoic.errors import ConfigError, DataError
from echoic.jobs.audio.files import write_sound

RATE_HZ = 2000


def test_a_bad_request_leaves_existing_files(run: Run, tmp_path: Path, voice: Voice) -> None:
    take = tmp_path / "take.wav"
    soundfile.write(take, voice(2), RATE_HZ)
    before = take.read_bytes()
    for asked, wrong in (
        ({"prime": str(take)}, "is the --prime and would be overwritten"),
        ({"prime": str(tmp_path / "none.wav")}, "no such file"),
        ({"prob_floor": 7.0}, "`prob_floor` must be"),
    ):
        with pytest.raises((ConfigError, DataError), match=wrong):
            write_sound(run.fitted, AudioRequest(length="1s", **asked), take, lambda *_: None)
    assert take.read_bytes() == before
    with pytest.raises(ConfigError, match=r"a WAV file holds at most 4 GiB, .* write \.flac"):
        write_sound(run.fitted, AudioRequest(length="400h"), take, lambda *_: None)
    assert take.read_bytes() == before
    with pytest.raises(ConfigError, match="`streams` must be at most 1024"):
        run.write(tmp_path / "many", "1s", streams=2000)
    assert not (tmp_path / "many").exists()


def test_streams_of_another_time_are_not_mixed_with_new_ones(run: Run, tmp_path: Path) -> None:
    write_sound(run.fitted, AudioRequest(length="0.1s", streams=3), tmp_path, lambda *_: None)
    write_sound(run.fitted, AudioRequest(length="0.2s", streams=3), tmp_path, lambda *_: None)
    with pytest.raises(ConfigError, match=r"contains 1 streams that .* such as stream-003\.wav"):
        write_sound(run.fitted, AudioRequest(length="0.1s", streams=2), tmp_path, lambda *_: None)


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
@pytest.mark.parametrize("length", ["3samples", "1s"])
def test_pictures_show_the_spectrum(run: Run, tmp_path: Path, ending: str, begins: bytes, length: str) -> None:
    progress: list[tuple[int, int]] = []
    message = write_sound(
        run.fitted, AudioRequest(length=length), tmp_path / f"a.{ending}", lambda *done: progress.append(done)
    )
    assert message.endswith("spectrogram of 1.0 s" if length == "1s" else "spectrogram of 0.0 s")
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(begins)
    assert progress[-1][0] == progress[-1][1]


def test_a_picture_is_of_one_stream(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="for several streams"):
        write_sound(run.fitted, AudioRequest(length="1s", streams=2), tmp_path / "a.png", lambda *_: None)


def test_the_strip_shows_when_and_how_high() -> None:
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = (np.sin(2 * np.pi * 250 * time_s) * (time_s > 2)).astype(np.float32)
    (heatmap,) = strip(tone, RATE_HZ).heatmaps
    late = heatmap.x > 2.2
    loudest_hz = heatmap.y[heatmap.values[:, late].argmax(0)]
    assert np.abs(loudest_hz - 250).max() < 10
    assert heatmap.values[:, heatmap.x < 1.8].max() < heatmap.values[:, late].max() - 60


def test_the_strip_of_a_long_stream_shows_short_sounds() -> None:
    sound = np.zeros(1000 * RATE_HZ, np.float32)
    sound[501 * RATE_HZ + 100 :][:200] = 0.5
    (heatmap,) = strip(sound, RATE_HZ).heatmaps
    assert heatmap.x[heatmap.values.max(0).argmax()] == pytest.approx(501, abs=2)
    assert heatmap.values.max() > -30


@pytest.mark.parametrize(("name", "streams"), [("a.wav", 1), ("a.flac", 1), ("folder", 3)])
def test_files_contain_the_generated_sound(run: Run, tmp_path: Path, name: str, streams: int) -> None:
    message = write_sound(run.fitted, AudioRequest(length="1s", streams=streams), tmp_path / name, lambda *_: None)
    paths = sorted((tmp_path / name).iterdir()) if streams > 1 else [tmp_path / name]
    wanted = run.generate("1s", streams=streams).samples
    assert len(paths) == streams
    for path, samples in zip(paths, wanted, strict=True):
        found, rate_hz = soundfile.read(path, dtype="float32")
        assert rate_hz == RATE_HZ
        np.testing.assert_allclose(found, samples.clip(-1, 1), atol=1 / 32768)
    assert "1.0 s" in message
