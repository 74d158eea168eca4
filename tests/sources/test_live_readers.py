"""Readers of data that arrive: raw sound and WAV through a pipe, lines of values, steps of music."""

import io
import math
import struct
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import pytest
import soundfile

from echoic.errors import ConfigError, DataError
from echoic.sources.live import PcmFormat, PcmReader, RollReader, RowReader

RATE_HZ = 8000
SOUND = np.sin(np.arange(1000) * 0.3).astype(np.float32) * 0.5


class Trickle(io.RawIOBase):
    """A pipe that gives its bytes in pieces of three."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, 3) if size >= 0 else 3)


def whole(file: IO[bytes], given: PcmFormat = PcmFormat(), channel: int | None = None) -> np.ndarray:  # noqa: B008
    reader, blocks = PcmReader(file, "pipe", given, channel), []
    while (block := reader.read(77)) is not None:
        blocks.append(block)
    assert all(len(block) == 77 for block in blocks[:-1])
    return np.concatenate([np.zeros(0, np.float32), *blocks])


@pytest.mark.parametrize(
    ("sample_format", "error", "made"),
    [
        ("s16", 1e-4, lambda sound: (sound * 32767).astype("<i2")),
        ("u8", 1.2e-2, lambda sound: (sound * 127 + 128).astype("u1")),
        ("s32", 1e-6, lambda sound: (sound * (2.0**31 - 1)).astype("<i4")),
        ("f32", 0.0, lambda sound: sound.astype("<f4")),
    ],
)
def test_raw_samples_have_full_scale_1(sample_format: Any, error: float, made: Callable[..., Any]) -> None:
    found = whole(io.BytesIO(made(SOUND).tobytes()), PcmFormat(sample_format))
    np.testing.assert_allclose(found, SOUND, atol=error)


@pytest.mark.parametrize("kind", ["PCM_16", "PCM_U8", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("size", [None, 0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_wav_header_says_how_samples_are_written(kind: str, size: int | None) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.stack([SOUND, -SOUND / 2], 1), RATE_HZ, kind, format="WAV")
    data = file.getvalue()
    if size is not None:  # programs that write into a pipe do not know it
        at = data.index(b"data") + 4
        data = data[:at] + struct.pack("<I", size) + data[at + 4 :]
    reader = PcmReader(Trickle(data), "pipe", PcmFormat("u8", 1, 3), None)  # type: ignore[arg-type]
    assert reader.format[1:] == (2, RATE_HZ)
    np.testing.assert_allclose(whole(io.BytesIO(data)), SOUND / 4, atol=1e-2)
    np.testing.assert_allclose(whole(io.BytesIO(data), channel=2), -SOUND / 2, atol=1e-2)


def test_what_follows_the_sound_of_a_wav_file_is_no_sound() -> None:
    file = io.BytesIO()
    soundfile.write(file, SOUND, RATE_HZ, "PCM_16", format="WAV")
    data = file.getvalue() + b"LIST\x08\0\0\0INFOtext"
    np.testing.assert_allclose(whole(io.BytesIO(data)), SOUND, atol=1e-4)


@pytest.mark.parametrize("name", ["FLAC", "OGG", "AIFF", "RF64", "AU", "CAF"])
def test_files_that_are_no_raw_sound_are_refused(name: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, SOUND, RATE_HZ, "VORBIS" if name == "OGG" else "PCM_16", format=name)
    with pytest.raises(DataError, match=f"(?i)pipe is {name}, which is not read from a pipe; convert it"):
        PcmReader(io.BytesIO(file.getvalue()), "pipe", PcmFormat(), None)


def test_an_incomplete_last_sample_is_left_out_and_named() -> None:
    data = (SOUND * 32767).astype("<i2").tobytes()
    with pytest.warns(UserWarning, match=r"^pipe ends inside a sample \(1 of 2 bytes\), left out\. Cut"):
        assert len(whole(io.BytesIO(data[:-1]))) == len(SOUND) - 1
    with pytest.warns(UserWarning, match=r"1 of 2 bytes"):
        assert len(whole(io.BytesIO(b"\x01"))) == 0
    assert len(whole(io.BytesIO(b""))) == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"RIFF\0\0\0\0WAVE", "the WAV header ends before the sound"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "does not say how samples are written"),
        (b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", "the WAV header is damaged"),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd", "the WAV header is damaged"),
        (b"RIFF\0\0\0\0WAVEfmt \20\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8000, 0, 0, 24), "24 bits and format 1"),
        (b"RIFF\0\0\0\0WAVEfmt \20\0\0\0" + struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16), "declares 0 channels"),
        (b"RIFF\0\0\0\0WAVEfmt \20\0\0\0" + struct.pack("<HHIIHH", 1, 1, 7, 0, 0, 16), "declares a rate of 7 Hz"),
    ],
)
def test_a_damaged_header_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        whole(io.BytesIO(data))


def test_channels_and_formats_that_are_not_there_are_refused() -> None:
    for given in (PcmFormat("s24"), PcmFormat(channels=0), PcmFormat(channels=65)):  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="Raw sound must be u8, s16, s32, f32 with 1 to 64 channels"):
            whole(io.BytesIO(b""), given)
    with pytest.raises(ConfigError, match="pipe has 1 channels"):
        whole(io.BytesIO(b""), channel=2)


@pytest.mark.parametrize("rate_hz", [0, -8000])
def test_a_rate_below_one_is_refused(rate_hz: int) -> None:
    with pytest.raises(ConfigError, match=f"at least 1 sample per second, got --rate-hz {rate_hz}"):
        whole(io.BytesIO(bytes(20)), PcmFormat(rate_hz=rate_hz))


def rows(text: str, *features: str) -> list[list[float]]:
    reader = RowReader(features, "pipe")
    return [found[0].tolist() for line in text.splitlines() if (found := reader.read(line)) is not None]


@pytest.mark.parametrize(
    "text",
    [
        "time,b,other,a\n2020,2,9,1\n2021,4,9,3\n",
        "\ufeffa;b\n1;2\n\n3;4\n",
        "a\tb\n1\t2\n3\t4\n",
        '"a","b"\n"1","2"\n3,4\n',
        "1,2\n3,4\n",
        "2020-01-01,1,2\n2020-01-02,3,4\n",
        "[1, 2]\n[3, 4]\n",
        '{"b": 2, "a": 1, "c": "x"}\n{"a": 3, "b": "4"}\n',
    ],
)
def test_values_are_taken_by_name_or_in_order(text: str) -> None:
    assert rows(text, "a", "b") == [[1, 2], [3, 4]]


@pytest.mark.parametrize("line", ["1,", "1,NaN", "1,null", "[1, null]", '{"a": 1, "b": null}', '{"a": 1, "b": ""}'])
def test_missing_values_are_nan(line: str) -> None:
    ((first, second),) = rows(line, "a", "b")
    assert first == 1
    assert math.isnan(second)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,x\n", r"line 2 has 'x' for 'b', which is no number"),
        ("a,b\n1,4_0\n", r"line 2 has '4_0' for 'b', which is no number"),
        ("a,c\n", "line 1 has no column 'b'; there are a, c"),
        ("temp,hum\n", "line 1 has no column 'a'; there are temp, hum"),
        ("1\n", r"line 1 has 1 column and no header; the run takes a, b, after an optional time\. Send the header"),
        ("a,b\n1\n", "line 2 has 1 column; the first line had more"),
        ("[1]\n", "line 1 has 1 value; the run takes a, b"),
        ("{}\n", "line 1 has no 'a'"),
        ("[1, 2\n", "line 1 is no JSON"),
        ("[1, true]\n", "line 1 has True for 'b'"),
        ("[1, [2]]\n", r"line 1 has \[2\] for 'b'"),
        ("2020;1,5;2,5\n", "line 1 has '1,5' for 'a', which is no number"),
        ("1,inf\n", "line 1 has an infinite value for 'b'; leave it empty"),
        ("[" * 100_000 + "\n", "line 1 is no JSON"),
        ("[1, 1" + "0" * 5000 + "]\n", "line 1 is no JSON|line 1 has 1000"),
        ("1," + "9" * (1 << 21) + "\n", "line 1 is too long"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(text: str, message: str) -> None:
    with pytest.raises(DataError, match=f"pipe: .*{message}"):
        rows(text, "a", "b")


def test_pitches_that_go_on_are_sustained() -> None:
    reader = RollReader("pipe", np.zeros(128, np.uint8))
    lines = ["[60, 64]", "", "[60, 64]", '{"pitches": [60], "onsets": [60]}', "[]", "[64]"]
    steps = [step[0] for line in lines if (step := reader.read(line)) is not None]
    assert [(step[60], step[64], int((step > 0).sum())) for step in steps] == [
        (1, 1, 2),
        (2, 2, 2),
        (1, 0, 1),
        (0, 0, 0),
        (0, 1, 1),
    ]


@pytest.mark.parametrize("line", ["60", "[60.5]", "[128]", "[-1]", "[true]", "{}", '{"pitches": 3}', "[", "[" * 9000])
def test_a_line_that_is_no_step_is_refused(line: str) -> None:
    with pytest.raises(DataError, match="pipe: line 1 must be a JSON list of MIDI pitches from 0 to 127"):
        RollReader("pipe", np.zeros(128, np.uint8)).read(line)
