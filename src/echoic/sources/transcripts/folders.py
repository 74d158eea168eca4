"""A folder of pairs: a sound file, and a text file of the same name."""

from pathlib import Path

from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.sources.folder_contents import contents_of
from echoic.sources.textfile import read_text
from echoic.sources.transcripts.rows import Found, Row

TEXT_ENDING = ".txt"


def rows_of(place: Path) -> Found:
    """A row for each sound file `x.wav` and each text file `x.txt` below a folder; hidden files are left out.

    Raises:
        DataError: there are no pairs, or a text cannot be read.
    """
    contents = contents_of(place, (*ENDINGS, TEXT_ENDING))
    texts = {_stem(path): path for path in contents.files if path.suffix.lower() == TEXT_ENDING}
    sounds = {_stem(path): path for path in contents.files if path.suffix.lower() != TEXT_ENDING}
    if not texts.keys() & sounds.keys():
        raise DataError(
            f"{place} has no pairs of a sound file and a text file, such as a.wav and a.txt; add them, or give a table "
            "(.csv, .tsv, .parquet) with the columns file and text."
        )
    rows = [_row(place, stem, sounds.get(stem), texts.get(stem)) for stem in sorted(texts.keys() | sounds.keys())]
    return Found(rows, tuple(note for note, applies in contents.notes.items() if applies))


def _stem(path: Path) -> Path:
    return path.with_suffix("")


def _row(place: Path, stem: Path, sound: Path | None, text: Path | None) -> Row:
    row = Row(str(sound or text), str((sound or stem.with_suffix(".wav")).relative_to(place)), sound, None)
    if text is None:
        return row
    try:
        return row._replace(text=" ".join(read_text(text, "utf-8").data.decode().split()))
    except DataError as error:
        return row._replace(problem=str(error))
