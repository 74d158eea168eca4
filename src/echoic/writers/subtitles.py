"""Writers of texts with times: subtitles (SRT, WebVTT) and label tracks of Audacity."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from echoic.errors import ConfigError
from echoic.writers.files import write_bytes

MAX_CHARACTERS = 80
"""Longer texts become several subtitles, cut at spaces."""


class Cue(NamedTuple):
    """A text that is shown from `begin_s` to `end_s`."""

    begin_s: float
    end_s: float
    text: str


def write_subtitles(path: Path, columns: Mapping[str, Any]) -> int:
    """Writes lines of text with their times in the format of the ending of `path`; returns their number.

    Args:
        path: .srt, .vtt or .txt.
        columns: the table of a transcription, see `is_for`.

    Raises:
        ConfigError: the lines are of several recordings.
        RunError: the file cannot be written.
    """
    files = list(dict.fromkeys(columns["file"]))
    if len(files) > 1:
        raise ConfigError(
            f"{path}: subtitles and labels are of one recording, got {len(files)}; name one file, or write a table "
            "(.csv, .parquet)."
        )
    rows = zip(*(columns[name] for name in ("onset_s", "offset_s", "text", "units")), strict=True)
    cues = [cue for begin_s, end_s, text, units in rows if text for cue in _cues(begin_s, end_s, text, units)]
    write_bytes(path, _FORMATS[path.suffix.lower()](cues).encode())
    return len(cues)


def is_for(path: Path, columns: Mapping[str, Any]) -> bool:
    """Whether the ending of `path` is that of subtitles or labels, and `columns` are lines of text with their times."""
    return path.suffix.lower() in _FORMATS and {"file", "onset_s", "offset_s", "text", "units"} <= columns.keys()


def _cues(begin_s: float, end_s: float, text: str, units: Sequence[Mapping[str, Any]]) -> Iterator[Cue]:
    """The text, or parts of it of at most `MAX_CHARACTERS` where its units say when words begin and end."""
    if len(text) <= MAX_CHARACTERS:
        yield Cue(begin_s, end_s, text)
        return
    words, part = _words(units), list[Cue]()
    for word in words:
        if part and len(" ".join(one.text for one in (*part, word))) > MAX_CHARACTERS:
            yield _joined(part)
            part = []
        part.append(word)
    yield _joined(part)


def _words(units: Sequence[Mapping[str, Any]]) -> list[Cue]:
    """The words that units make: those between spaces, or each unit where there are no spaces."""
    has_spaces, words, is_open = any(one["text"] == " " for one in units), list[Cue](), False
    for one in units:
        if one["text"] == " ":
            is_open = False
        elif is_open and has_spaces:
            words[-1] = Cue(words[-1].begin_s, one["offset_s"], words[-1].text + one["text"])
        else:
            words.append(Cue(one["onset_s"], one["offset_s"], one["text"]))
            is_open = True
    return words


def _joined(words: Sequence[Cue]) -> Cue:
    return Cue(words[0].begin_s, words[-1].end_s, " ".join(word.text for word in words))


def _srt(cues: Sequence[Cue]) -> str:
    blocks = (
        f"{number}\n{_clock(cue.begin_s, ',')} --> {_clock(cue.end_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def _vtt(cues: Sequence[Cue]) -> str:
    blocks = (f"{_clock(cue.begin_s, '.')} --> {_clock(cue.end_s, '.')}\n{_escaped(cue.text)}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def _labels(cues: Sequence[Cue]) -> str:
    return "".join(f"{cue.begin_s:.6f}\t{cue.end_s:.6f}\t{cue.text}\n" for cue in cues)


def _escaped(text: str) -> str:
    """Characters that WebVTT reads as marks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    """`01:02:03,004`."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


_FORMATS: dict[str, Callable[[Sequence[Cue]], str]] = {".srt": _srt, ".vtt": _vtt, ".txt": _labels}
