"""A folder of Kaldi: `wav.scp` and `text`, and optionally `utt2spk`."""

from pathlib import Path

from echoic.errors import DataError
from echoic.sources.textfile import read_text
from echoic.sources.transcripts.rows import Found, Row

SOUNDS, TEXTS, SPEAKERS, SEGMENTS = "wav.scp", "text", "utt2spk", "segments"


def rows_of(folder: Path) -> Found:
    """A row for each utterance of `wav.scp` and of `text`; all utterances of a speaker in `utt2spk` are in one split.

    Paths are relative to the folder, or to the current one. Commands in `wav.scp` are never run.

    Raises:
        DataError: `text` is missing, a name occurs twice, or there are segments.
    """
    if (folder / SEGMENTS).is_file():
        raise DataError(
            f"{folder / SEGMENTS}: segments of recordings are not read; give a table with the columns file, start, end "
            "and text."
        )
    if not (folder / TEXTS).is_file():
        raise DataError(f"{folder} has {SOUNDS} and no file {TEXTS}; add it: a line with the name and the text each.")
    sounds, texts = _lines(folder / SOUNDS), _lines(folder / TEXTS)
    speakers = _lines(folder / SPEAKERS) if (folder / SPEAKERS).is_file() else {}
    return Found([_row(folder, name, sounds, texts, speakers) for name in sorted(sounds.keys() | texts.keys())])


def _row(folder: Path, name: str, sounds: dict[str, str], texts: dict[str, str], speakers: dict[str, str]) -> Row:
    place = f"{folder}, {name!r}"
    problem = ""
    if sounds.get(name, "").endswith("|"):
        problem = f"{place}: {SOUNDS} has a command, which is not run; convert the sound and name its file."
    path = None
    if name in sounds:
        inside = folder / sounds[name]
        path = inside if inside.exists() else Path(sounds[name])
    return Row(place, name, path, texts.get(name), speakers.get(name), problem=problem)


def _lines(path: Path) -> dict[str, str]:
    """The first word of each line, and the rest of it.

    Raises:
        DataError: a name occurs twice, or the file cannot be read.
    """
    found = dict[str, str]()
    for number, line in enumerate(read_text(path, "utf-8").data.decode().splitlines(), 1):
        name, _, rest = line.strip().partition(" ")
        if name in found:
            raise DataError(f"{path}, line {number}: {name!r} is there twice; remove one line.")
        if name:
            found[name] = rest.strip()
    return found
