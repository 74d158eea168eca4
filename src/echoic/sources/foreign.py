"""Formats that are not read, each with the way to what is."""

from pathlib import Path

from echoic.config import ClipDataSettings, EventDataSettings
from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.errors import DataError

_BY_PANDAS = {
    "read_excel": ("a spreadsheet", (".xlsx", ".xls", ".xlsm", ".ods")),
    "read_feather": ("a Feather or Arrow file", (".feather", ".arrow", ".ipc")),
    "read_orc": ("an ORC file", (".orc",)),
    "read_hdf": ("an HDF5 file", (".h5", ".hdf5", ".hdf")),
    "read_stata": ("a Stata file", (".dta",)),
    "read_sas": ("a SAS file", (".sas7bdat", ".xpt")),
    "read_spss": ("an SPSS file", (".sav",)),
    "read_json": ("JSON", (".json", ".jsonl", ".ndjson")),
    "read_pickle": ("a pickle", (".pkl", ".pickle")),
    "read_sql_query": ("a database", (".sqlite", ".sqlite3", ".db", ".duckdb")),
}
"""Functions of pandas, what they read, and its endings."""

_OTHERS = {
    "a file of R": ((".rds", ".rdata", ".rda"), "in R, write it with write.csv(x, file, row.names = FALSE)"),
    "an ARFF file": ((".arff",), "convert it in Python: pandas.DataFrame(scipy.io.arff.loadarff(path)[0]).to_csv(...)"),
    "a MATLAB file": ((".mat",), "load it in Python with scipy.io.loadmat, and pass the array to echoic.train"),
    "an archive of arrays": (
        (".npz",),
        "load it in Python with numpy.load, and pass one of its arrays to echoic.train",
    ),
    "an array": ((".npy",), "in Python, pass numpy.load(path) to echoic.train"),
}
"""Other kinds of data that forecasts do not read, their endings, and what to do with them."""

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")

_TABLES = (TableSettings, ClipDataSettings, EventDataSettings)
"""Settings of sources that read tables."""


def check_format(path: str | Path, settings: Section) -> None:
    """Refuses a file of a known format that no source of these settings reads.

    Raises:
        DataError: it is one; the message has a way to convert it.
    """
    name = str(path).lower()
    if not Path(path).is_file():
        return
    if name.endswith(_ARCHIVES):
        raise DataError(f"{path} is an archive, which is not read; unpack it, and give a file or a folder of it.")
    if not isinstance(settings, _TABLES):
        return
    for function, (kind, endings) in _BY_PANDAS.items():
        if name.endswith(endings):
            raise DataError(
                f"{path} is {kind}, which is not read; convert it in Python: pandas.{function}(...).to_csv(...), or "
                "pass that DataFrame to echoic.train."
            )
    if not isinstance(settings, TableSettings):
        return
    for kind, (endings, remedy) in _OTHERS.items():
        if name.endswith(endings):
            raise DataError(f"{path} is {kind}, which is not read here; {remedy}.")
