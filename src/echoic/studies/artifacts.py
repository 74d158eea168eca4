"""Run folders in a PostgreSQL store, by Optuna's interface for artifacts: how the winner gets to other hosts."""

import contextlib
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, final

from echoic.studies.store import Store, optuna

_PART_BYTES = 4 * 2**20
_TABLE = "CREATE TABLE IF NOT EXISTS echoic_artifacts (id text, part int, content bytea, PRIMARY KEY (id, part))"


@final
class Artifacts:
    """An artifact store of Optuna in a table of the database.

    Args:
        engine: that of the database.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The content of an artifact.

        Raises:
            ArtifactNotFound: of Optuna: there is none.
        """
        content = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
        with self._executing() as execute:
            rows = execute("SELECT content FROM echoic_artifacts WHERE id = :id ORDER BY part", id=artifact_id)
            for (part,) in rows.yield_per(1):
                content.write(part)
        if not content.tell():
            content.close()
            raise optuna.artifacts.exceptions.ArtifactNotFound(artifact_id)
        content.seek(0)
        return content

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Keeps an artifact."""
        with self._executing() as execute:
            execute("SELECT pg_advisory_xact_lock(hashtextextended('echoic artifacts', 0))")
            execute(_TABLE)
            parts = iter(lambda: content_body.read(_PART_BYTES), b"")
            for part, content in enumerate(parts):
                values = {"id": artifact_id, "part": part, "content": content}
                execute("INSERT INTO echoic_artifacts VALUES (:id, :part, :content)", **values)

    def remove(self, artifact_id: str) -> None:
        """Removes an artifact."""
        with self._executing() as execute:
            execute("DELETE FROM echoic_artifacts WHERE id = :id", id=artifact_id)

    @contextlib.contextmanager
    def _executing(self) -> Iterator[Any]:
        """What executes statements of one transaction."""
        import sqlalchemy  # noqa: PLC0415

        with self._engine.begin() as connection:
            yield lambda statement, **values: connection.execute(sqlalchemy.text(statement), values)


def upload_run(store: Store, study: Any, run: Path) -> str:
    """Keeps a run folder in the store as an artifact of Optuna's `study`, and returns its id."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "run.tar.gz"
        with tarfile.open(packed, "w:gz") as archive:
            archive.add(run, ".", filter=lambda member: None if member.name.endswith("run.lock") else member)
        artifacts = Artifacts(store.storage.engine)
        return str(
            optuna.artifacts.upload_artifact(artifact_store=artifacts, file_path=str(packed), study_or_trial=study)
        )


def download_run(store: Store, artifact_id: str, target: Path) -> bool:
    """Writes the run folder of an artifact to the new folder `target`; false if it was replaced or is damaged."""
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "run.tar.gz"
        artifacts = Artifacts(store.storage.engine)
        try:
            optuna.artifacts.download_artifact(artifact_store=artifacts, file_path=str(packed), artifact_id=artifact_id)
            with tarfile.open(packed) as archive:
                archive.extractall(target, filter="data")
        except (optuna.artifacts.exceptions.ArtifactNotFound, tarfile.TarError):
            return False
    return True
