import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from echoic.config import AudioDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.sources.audio import AudioReport, decoding
from echoic.sources.examples import Examples

RATE_HZ = 16_000
STEP_16 = 1 / 32768
OGG_ERROR = 0.02  # of full scale: lossy


def tone(samples: int = 4000, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal((samples, channels)) * 0.05
    sound: NDArray[np.float64] = 0.5 * np.sin(np.arange(samples) * 0.1)[:, None] + noise
    return sound.astype(np.float32)


def written(path: Path, sound: NDArray[Any] | None = None, rate_hz: int = RATE_HZ, **options: str) -> Path:
    soundfile.write(path, tone() if sound is None else sound, rate_hz, **options)
    return path


def samples_of(path: Path, **chosen: str | int) -> NDArray[np.float32]:
    return read(path, AudioDataSettings(**chosen)).series[0].values[:, 0]


@pytest.mark.parametrize(
    ("ending", "subtype", "error"),
    [("wav", "PCM_16", STEP_16), ("wav", "PCM_24", 1e-6), ("wav", "FLOAT", 0), ("flac", "PCM_16", STEP_16)],
)
def test_samples_come_as_they_were_written(tmp_path: Path, ending: str, subtype: str, error: float) -> None:
    path = written(tmp_path / f"a.{ending}", subtype=subtype)
    found = read(path, AudioDataSettings())
    (series,) = found.series
    assert series.values.dtype == np.float32
    np.testing.assert_allclose(series.values, tone(), atol=error, rtol=0)
    assert isinstance(found.report, AudioReport)
    assert series.annotations.rate_hz == found.report.rate_hz == RATE_HZ
    assert (found.report.files, found.report.seconds) == (1, 0.25)


def test_ogg_is_read(tmp_path: Path) -> None:
    smooth = 0.5 * np.sin(np.arange(16_000) * 0.1)
    found = samples_of(written(tmp_path / "a.ogg", smooth))
    np.testing.assert_allclose(found[1000:-1000], smooth[1000:-1000], atol=OGG_ERROR, rtol=0)


def test_channels_are_mixed_or_one_is_chosen(tmp_path: Path) -> None:
    stereo = tone(channels=2)
    path = written(tmp_path / "a.wav", stereo, subtype="FLOAT")
    np.testing.assert_allclose(samples_of(path), stereo.mean(1), atol=1e-7)
    np.testing.assert_array_equal(samples_of(path, channel="2"), stereo[:, 1])
    assert read(path, AudioDataSettings()).report.notes == ("Channels mixed into one: 1 file (a.wav).",)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 16_000), (8_000, 16_000), (44_100, 8_000)])
def test_resampled_in_blocks_as_in_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_hz: int, to_hz: int
) -> None:
    monkeypatch.setattr(decoding, "BLOCK_FRAMES", 777)
    sound = tone(10_000)
    found = samples_of(written(tmp_path / "a.wav", sound, from_hz, subtype="FLOAT"), rate_hz=to_hz)
    wanted = soxr.resample(sound[:, 0], from_hz, to_hz)
    assert abs(len(found) - len(sound) * to_hz / from_hz) <= 1
    np.testing.assert_allclose(found[: len(wanted)], wanted[: len(found)], atol=1e-5)


def test_a_folder_takes_the_rate_of_its_first_file_and_names_the_bad_ones(tmp_path: Path) -> None:
    written(tmp_path / "a.wav")
    (tmp_path / "below").mkdir()
    written(tmp_path / "below" / "b.flac", rate_hz=8_000)
    written(tmp_path / "c.wav", np.zeros(100))
    (tmp_path / "d.wav").write_bytes(b"<html>")
    (tmp_path / "notes.txt").write_text("no sound")
    found = read(tmp_path, AudioDataSettings())
    assert [one.name for one in found.series] == ["a.wav", "below/b.flac", "c.wav"]
    assert [one.steps for one in found.series] == [4000, 8000, 100]
    report = found.report
    assert isinstance(report, AudioReport)
    assert (report.sound.resampled, report.sound.silent) == (Examples(1, "below/b.flac"), Examples(1, "c.wav"))
    (sentence,) = report.skipped
    assert "d.wav is not a readable sound file" in sentence
    assert report.notes[-1] == sentence


def test_the_fingerprint_is_of_names_and_bytes_of_one_file_of_bytes_alone(tmp_path: Path) -> None:
    written(tmp_path / "a.wav")
    alone = read(tmp_path, AudioDataSettings()).fingerprint
    assert read(tmp_path, AudioDataSettings(rate_hz=8000)).fingerprint == alone
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    (tmp_path / "broken.wav").write_text("no sound")
    assert read(tmp_path, AudioDataSettings()).fingerprint == alone
    written(tmp_path / "c.wav", tone(seed=1))
    both = read(tmp_path, AudioDataSettings()).fingerprint
    (tmp_path / "c.wav").rename(tmp_path / "d.wav")
    assert len({alone, both, read(tmp_path, AudioDataSettings()).fingerprint}) == 3


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / f"{name}.wav", tone(seed=ord(name)))
    found = read([tmp_path / "b.wav", tmp_path, tmp_path / "a.wav"], AudioDataSettings())
    assert [one.name for one in found.series] == ["b.wav", "a.wav"]


def header(
    rate_hz: int = RATE_HZ, channels: int = 1, riff_bytes: int | None = None, data_bytes: int = 8, there: int = 8
) -> bytes:
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 % 2**32, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", data_bytes) + b"\1\0" * (there // 2)
    return b"RIFF" + struct.pack("<I", len(body) if riff_bytes is None else riff_bytes) + body


def float_wav(path: Path, *samples: float) -> Path:
    return written(path, np.array(samples, np.float32), subtype="FLOAT")


BROKEN = {
    "is empty; export it again": b"",
    "is not a readable sound file .Format not recognised.; export it as WAV or FLAC": b"<html></html>",
    "declares a rate of 0 Hz; it must be 1,000 to 384,000": header(rate_hz=0),
    "declares a rate of 4,000,000,000 Hz": header(rate_hz=4_000_000_000),
    "declares 0 channels; it must be 1 to 64": header(channels=0),
    "declares 65535 channels": header(channels=65535),
    "has no samples": header(data_bytes=0, there=0),
    "declares 800 bytes of sound from byte 44 on, and 8 are there; it was cut off": header(data_bytes=800),
    "declares 4,294,967,295 bytes of sound": header(data_bytes=0xFFFFFFFF),
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_file_is_one_sentence(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(BROKEN[sentence])
    with pytest.raises(DataError, match=re.escape(str(path)) + " " + sentence):
        read(path, AudioDataSettings())


def test_a_file_written_into_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(header(riff_bytes=0xFFFFFFFF, data_bytes=0xFFFFFFFF))
    assert len(samples_of(path)) == 4


@pytest.mark.parametrize(("strange", "shown"), [(np.nan, "nan"), (-np.inf, "-inf"), (1e30, "1e.30")])
def test_samples_that_are_no_sound_are_named_by_their_time(tmp_path: Path, strange: float, shown: str) -> None:
    path = float_wav(tmp_path / "a.wav", *[0.1] * 1600, strange, 0.1)
    with pytest.raises(DataError, match=f"the sample at 0.100 s in channel 1 is {shown}, which is no sound"):
        read(path, AudioDataSettings())


def test_an_error_about_a_cut_flac_names_its_end(tmp_path: Path) -> None:
    path = written(tmp_path / "a.flac", tone(16_000))
    path.write_bytes(path.read_bytes()[:-8000])
    with pytest.raises(
        DataError, match=r"a\.flac declares 1\.000 s of sound and ends after 0\.[5-9]\d\d s; it was cut"
    ):
        read(path, AudioDataSettings())


def test_other_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing\.wav: no such file"):
        read(tmp_path / "missing.wav", AudioDataSettings())
    with pytest.raises(DataError, match="has no sound files"):
        read(tmp_path, AudioDataSettings())
    with pytest.raises(DataError, match="has 1 channels; choose a --channel other than 2"):
        read(written(tmp_path / "a.wav"), AudioDataSettings(channel="2"))
    (tmp_path / "a.wav").write_bytes(b"no")
    (tmp_path / "b.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"none of 2 sound files can be used; the first: .*a\.wav"):
        read(tmp_path, AudioDataSettings())
    with pytest.raises(DataError, match=r"Cannot read data of type int; give a path, or arrays of sound with rate_hz"):
        read(3, AudioDataSettings())


@pytest.mark.parametrize("ending", ["wav", "flac"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keep=st.integers(0, 700), flips=st.dictionaries(st.integers(0, 699), st.integers(0, 255), max_size=4))
def test_damage_gives_sound_or_a_sentence(tmp_path: Path, ending: str, keep: int, flips: dict[int, int]) -> None:
    path = written(tmp_path / f"whole.{ending}", tone(300))
    raw = bytearray(path.read_bytes()[:keep])
    for at, value in flips.items():
        raw[at : at + 1] = [value][: len(raw) - at]
    damaged = tmp_path / f"damaged.{ending}"
    damaged.write_bytes(raw)
    try:
        found = samples_of(damaged)
    except DataError as error:
        assert str(damaged) in str(error)  # noqa: PT017 (either outcome is right)
    else:
        assert found.dtype == np.float32
        assert found.ndim == 1
        assert len(found)
        assert np.isfinite(found).all()


READABLE = {"alaw.wav", "mulaw.wav", "ok16.wav", "bits24.wav", "block_align_0.wav", "odd_bytes.wav"}

REFUSED: dict[str, Any] = {
    "bits0.wav": "unimplemented format",
    "ch0.wav": "declares 0 channels",
    "ch65535.wav": "declares 65535 channels",
    "declared_2GiB_riff0.wav": "declares 2,147,483,647 bytes of sound from byte 44 on, and 16 are there",
    "declared_4GiB_60B.wav": "declares 4,294,967,295 bytes of sound from byte 44 on, and 16 are there",
    "empty_0bytes.wav": "is empty",
    "header12.wav": "No 'data' chunk",
    "html.wav": "Format not recognised",
    "huge_1e30_f32.wav": "the sample at 0.000 s in channel 1 is 1e+30",
    "nan_inf_f32.wav": "the sample at 0.000 s in channel 1 is nan",
    "no_data_chunk.wav": "No 'data' chunk",
    "not_a_wav.wav": "Format not recognised",
    "riff_only.wav": "Format not recognised",
    "sr0.wav": "declares a rate of 0 Hz",
    "sr_4e9.wav": "declares a rate of 4,000,000,000 Hz",
    "trunc_fmt.wav": "No 'data' chunk",
    "two_data.wav": "is not a readable sound file",
    "unknown_tag_0x1234.wav": "Malformed 'fmt ' chunk",
    "zero_frames.wav": "has no samples",
}


@pytest.mark.data
def test_every_odd_wav_file_is_read_or_refused_in_a_sentence(data_dir: Path) -> None:
    files = sorted((data_dir / "bad_files" / "wav_synth").glob("*.wav"))
    assert {path.name for path in files} == READABLE | REFUSED.keys()
    for path in files:
        if path.name in READABLE:
            assert len(samples_of(path)) > 0
            continue
        with pytest.raises(DataError, match=re.escape(REFUSED[path.name])) as caught:
            read(path, AudioDataSettings())
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


@pytest.mark.data
def test_the_voice_is_read(data_dir: Path) -> None:
    found = read(data_dir / "speech_allison_16k" / "audio", AudioDataSettings())
    assert isinstance(found.report, AudioReport)
    assert (found.report.files, found.report.rate_hz, found.report.notes) == (558, 16_000, ())
    assert found.report.seconds / 60 == pytest.approx(24.56, abs=0.01)


def test_quiet_and_clipped_files_are_noted(tmp_path: Path) -> None:
    wave = np.sin(np.arange(4000) * 0.3)
    levels = {"good": 0.5 * wave, "quiet": 0.009 * wave, "clipped": np.clip(1.2 * wave, -1, 1), "peaks": wave}
    for name, sound in levels.items():
        soundfile.write(tmp_path / f"{name}.wav", 0.9985 * sound if name == "peaks" else sound, 4000, subtype="FLOAT")
    report = read(tmp_path, AudioDataSettings()).report
    assert isinstance(report, AudioReport)
    assert (report.sound.quiet, report.sound.clipped) == (Examples(1, "quiet.wav"), Examples(1, "clipped.wav"))
    assert any(note.startswith("Quiet, 40 dB or more below full scale: 1 file (quiet.wav)") for note in report.notes)
    assert any(note.startswith("Clipped, with many samples at full scale: 1 file (clip") for note in report.notes)
