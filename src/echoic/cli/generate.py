"""`echoic generate RUN`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.eval import RunPath
from echoic.cli.progress import progress_bar
from echoic.cli.train import TrainingData
from echoic.errors import ConfigError, RunError


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("generate", help=help_text)(generate)


def generate(
    run: RunPath,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write. Forecasts: CSV, or Parquet by its ending. Music: .mid, .wav to listen, .png or .pdf "
            "to look at. Text: any; the terminal by default. Audio: .wav or .flac, .png or .pdf for a picture of the "
            "spectrum, or a folder for several streams.",
        ),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            help="How much: steps or characters; for music also 32bars, 8beats, 20s; for audio 10s, 5min, 1h. "
            "[default: 100 steps, 500 characters, 16bars, 10s]"
        ),
    ] = None,
    prime: Annotated[
        str | None,
        typer.Option(
            help="What to go on from. Forecasts: a file, or N for the last N known steps; all by default. Music: a "
            "file; the first bar of a training song by default. Text: the words themselves; a new line by default. "
            "Audio: a sound file; silence by default."
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="0: the mean path, or always the likeliest. 1: draws from the model's distribution. [default: 0 for "
            "forecasts, else 1]",
            min=0,
        ),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="All but forecasts: draw from so many of the likeliest.", min=1)
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="All but forecasts: draw from the fewest that are together so likely.")
    ] = None,
    prob_floor: Annotated[
        float | None,
        typer.Option(help="Audio: taken off every probability, so that what is rarer never comes. [default: 0]", min=0),
    ] = None,
    loudness_temperature: Annotated[
        float | None,
        typer.Option(
            help="Audio: the temperature of how loud each frame is, in units of --temperature. More of it makes pauses "
            "shorter. [default: 1.05]",
            min=0,
        ),
    ] = None,
    streams: Annotated[
        int | None, typer.Option(help="Audio: how many are made side by side. [default: 1]", min=1)
    ] = None,
    keep_prime: Annotated[bool, typer.Option(help="Music and text: put the prime before what is made.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the draws.", min=0)] = 0,
    training_data: TrainingData = None,
) -> None:
    from echoic.api import run as session

    opened = session.load(run, data=training_data)
    job = opened.config["job"]
    write: Callable[..., None] = _WRITERS.get(job, _unsupported)
    options = {"prime": prime, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    audio_options = {"streams": streams, "prob_floor": prob_floor, "loudness_temperature": loudness_temperature}
    options |= {name: value for name, value in audio_options.items() if value is not None}
    write(opened, length, output, keep_prime, options)


def _write_series(opened: Any, length: str | None, output: Path | None, keep_prime: bool, options: Any) -> None:  # noqa: FBT001
    from echoic.api import summaries
    from echoic.writers.tables import write_table

    if output is None or keep_prime:
        raise ConfigError("A forecast run needs `-o FILE`, a CSV or Parquet file, and puts no prime before it.")
    made = opened.generate(length, **options)
    write_table(output, summaries.series_columns(made))
    typer.echo(f"{output}: {made[0].steps} steps of {len(made)} series", err=True)


def _write_text(opened: Any, length: str | None, output: Path | None, keep_prime: bool, options: Any) -> None:  # noqa: FBT001
    before = (options["prime"] or "") if keep_prime else ""
    if output is None:
        summary = iter([before])  # once the request is found to be good
        opened.generate(length, **options, on_chunk=lambda text: _show(next(summary, "") + text))
        _show("\n")
        return
    made = opened.generate(length, **options)
    _save(output, (before + made).encode(errors="surrogateescape"))
    typer.echo(f"{output}: {len(made)} characters", err=True)


def _show(text: str) -> None:
    """At once, as far as the terminal can."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _write_music(opened: Any, length: str | None, output: Path | None, keep_prime: bool, options: Any) -> None:  # noqa: FBT001
    from echoic.jobs.music.files import ENDINGS, music_bytes

    if output is None or output.suffix.lower() not in ENDINGS:
        raise ConfigError(f"A music run needs `-o FILE` with one of the endings {', '.join(ENDINGS)}.")
    with progress_bar() as bar:
        task = bar.add_task("composing", total=None)
        made = opened.generate(length, **options, on_chunk=lambda at: bar.update(task, completed=at[0], total=at[1]))
    _save(output, music_bytes(made, output.suffix.lower(), keep_prime=keep_prime))
    typer.echo(f"{output}: {made.summary}", err=True)


def _write_audio(opened: Any, length: str | None, output: Path | None, keep_prime: bool, options: Any) -> None:  # noqa: FBT001
    from echoic.jobs.audio.files import write_sound
    from echoic.jobs.base import GenerateRequest

    if output is None or keep_prime:
        raise ConfigError("An audio run needs `-o FILE` or a folder, and puts no prime before what it makes.")
    with progress_bar() as bar:
        task = bar.add_task("sounding", total=None)
        summary = write_sound(
            opened.fitted,
            GenerateRequest(length, **options),
            output,
            lambda made, wanted: bar.update(task, completed=made, total=wanted),
        )
    typer.echo(summary, err=True)


def _unsupported(opened: Any, length: str | None, *_: Any) -> None:
    """The job says itself that it makes nothing."""
    opened.generate(length)


def _save(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror}).") from None


_WRITERS: dict[str, Callable[..., None]] = {
    "forecast": _write_series,
    "music": _write_music,
    "text": _write_text,
    "audio": _write_audio,
}
"""How what each job makes reaches a file or the terminal."""
