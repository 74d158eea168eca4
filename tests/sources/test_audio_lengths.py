"""Sound files that are shorter than they say, that do not say how long they are, and how much memory reading takes."""

import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from echoic.config import AudioDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.sources.audio import decoding

RATE_HZ = 16_000
UNKNOWN = 0xFFFFFFFF
SAMPLES = np.arange(1, 5) / 32768
TOTAL_AT = 21
"""Where the last 36 bits of a FLAC file's header begin that are its length; the first 4 bits there are others."""


def tone(samples: int = 10 * RATE_HZ) -> NDArray[np.float64]:
    phases = np.arange(samples, dtype=np.float64) * 0.1
    return 0.5 * np.sin(phases)


def assert_refused(path: Path, words: str, **chosen: int | None) -> None:
    with pytest.raises(DataError, match=re.escape(f"{path}") + ":? " + words) as caught:
        read(path, AudioDataSettings(**chosen))
    assert "\n" not in str(caught.value)


def wav(
    form_bytes: int, declared: int, order: str = "<", long_bytes: Any = None, there: NDArray[np.float64] = SAMPLES
) -> bytes:
    """A file of 16 bits with the sizes that are given; one of 64 bits with `long_bytes`."""
    form = {"<": b"RIFF", ">": b"RIFX"}[order] if long_bytes is None else b"RF64"
    long = b"" if long_bytes is None else b"ds64" + struct.pack("<IQQQI", 28, 72 + long_bytes, long_bytes, 0, 0)
    fmt = b"fmt " + struct.pack(f"{order}IHHIIHH", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    sound = (there * 32768).astype(f"{order}i2").tobytes()
    sizes = struct.pack(f"{order}I", form_bytes), struct.pack(f"{order}I", declared)
    return form + sizes[0] + b"WAVE" + long + fmt + b"data" + sizes[1] + sound


@pytest.mark.parametrize(
    "content",
    [wav(44, 8, ">"), wav(UNKNOWN, UNKNOWN, long_bytes=8)],
    ids=["RIFX", "RF64"],
)
def test_other_kinds_of_wav_are_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    found = read(tmp_path / "a.wav", AudioDataSettings())
    np.testing.assert_array_equal(found.series[0].values[:, 0], SAMPLES.astype(np.float32))
    assert found.report.to_json()["sound"]["streamed"]["count"] == 0


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (wav(836, 800, ">"), "800 bytes of sound from byte 44 on, and 8 are there"),
        (
            wav(UNKNOWN, UNKNOWN, long_bytes=1 << 45),
            "35,184,372,088,832 bytes of sound from byte 80 on, and 8 are there",
        ),
        (wav(44, UNKNOWN), "4,294,967,295 bytes of sound from byte 44 on, and 8 are there"),
    ],
    ids=["RIFX", "RF64", "size of the file known"],
)
def test_a_cut_wav_of_any_kind_is_refused(tmp_path: Path, content: bytes, place: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert_refused(tmp_path / "a.wav", f"declares {place}; it was cut off or never finished: export it again")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("sizes", [(0, 0), (UNKNOWN, UNKNOWN), (UNKNOWN, 0)])
def test_files_that_state_no_length_are_read_to_the_end(tmp_path: Path, order: str, sizes: tuple[int, int]) -> None:
    (tmp_path / "a.wav").write_bytes(wav(*sizes, order))
    found = read(tmp_path / "a.wav", AudioDataSettings())
    np.testing.assert_array_equal(found.series[0].values[:, 0], SAMPLES.astype(np.float32))
    assert "Without a stated length, read to the end: 1 file (a.wav)." in found.report.notes
    (tmp_path / "a.wav").write_bytes(wav(*sizes, order, there=SAMPLES[:0]))
    assert_refused(tmp_path / "a.wav", "has no samples")


def test_a_cut_aiff_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.aiff"
    soundfile.write(path, tone(1000), RATE_HZ)
    assert read(path, AudioDataSettings()).series[0].steps == 1000
    path.write_bytes(path.read_bytes()[:-100])
    assert_refused(path, r"declares 2,008 bytes of sound from byte \d+ on, and 1,9\d\d are there")


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("flac", r"declares 10.000 s of sound and ends after [89].\d\d\d s; it was cut off"),
        ("ogg", r"ends inside a page, after \d.\d\d\d s; it was cut off"),
        ("mp3", r"declares 10.000 s of sound and ends after 9.\d\d\d s; it was cut off"),
    ],
)
def test_an_error_about_cut_compressed_sound_names_its_end(tmp_path: Path, ending: str, words: str) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, tone(), RATE_HZ)
    assert read(path, AudioDataSettings()).series[0].steps == 10 * RATE_HZ
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.9)])
    assert_refused(path, words)


@pytest.mark.parametrize("frames", [0, 1 << 33, (1 << 36) - 1], ids=["unknown", "32 GiB", "256 GiB"])
@pytest.mark.parametrize("rate_hz", [None, 8_000])
def test_a_length_that_the_file_cannot_hold_takes_no_memory(tmp_path: Path, frames: int, rate_hz: int | None) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(4000), RATE_HZ)
    raw = bytearray(path.read_bytes())
    raw[TOTAL_AT] = raw[TOTAL_AT] & 0xF0 | frames >> 32
    raw[TOTAL_AT + 1 : TOTAL_AT + 5] = struct.pack(">I", frames % 2**32)
    path.write_bytes(raw)
    assert_refused(path, r"declares no length, or one that its [\d,]+ bytes cannot hold", rate_hz=rate_hz)


def test_sound_that_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any) -> None:
        raise MemoryError

    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE_HZ)
    monkeypatch.setattr(np, "empty", no_room)
    assert_refused(path, "declares 10 s of sound, which require 640,000 bytes of memory; cut it into several files")


@pytest.mark.parametrize(("from_hz", "to_hz"), [(384_000, 1_000), (1_000, 384_000)])
def test_resampling_has_its_limits(tmp_path: Path, from_hz: int, to_hz: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(4000), from_hz)
    assert_refused(path, f"cannot be resampled from {from_hz:,} to {to_hz:,} Hz, .*--rate-hz", rate_hz=to_hz)


def test_sound_that_is_shorter_than_a_sample_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1), 384_000)
    assert_refused(path, "is shorter than one sample at 8,000 Hz; leave it out", rate_hz=8_000)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "a.wav"
    soundfile.write(path, tone(100), RATE_HZ)
    monkeypatch.setattr(decoding, "check_header", forbidden)
    assert_refused(path, r"cannot be read \(Permission denied\); check the permissions")


def test_sources_load_no_decoder() -> None:
    code = "import sys, echoic.sources; print(sorted({'soundfile', 'soxr', 'torch'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


MEASURE = """
import resource, sys
import echoic.sources.audio, soxr
from echoic.config import AudioDataSettings
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = echoic.sources.audio.read(sys.argv[1], AudioDataSettings(rate_hz=16_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, found.series[0].values.nbytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak of memory differs")
def test_memory_stays_near_the_size_of_the_result(tmp_path: Path) -> None:
    minutes, path = 20, tmp_path / "long.wav"
    minute = np.random.default_rng(0).integers(-3000, 3000, (60 * 48_000, 1), np.int16)
    with soundfile.SoundFile(path, "w", 48_000, 1, "PCM_16") as file:
        for _ in range(minutes):
            file.write(minute)
    measured = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    kibibytes, result = map(int, measured.stdout.split())
    assert result == minutes * 60 * 16_000 * 4
    assert kibibytes * 1024 < 1.3 * result + 60e6
