"""`echoic live RUN [INPUT]`."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.train import TrainingData
from echoic.errors import ConfigError
from echoic.extras import missing

if TYPE_CHECKING:
    from echoic.api.live_input import LiveInput
    from echoic.api.run import Run
    from echoic.sources.live import PcmFormat

_EXAMPLES = """Reads data as they come and prints one JSON object per result, at once:

arecord -f S16_LE -r 16000 -t raw | echoic live runs/bird

arecord -f S16_LE -r 44100 -t raw | echoic live runs/pedal | aplay -f S16_LE -r 44100

tail -f sensor.csv | echoic live runs/ett

echo "The cat" | echoic live runs/poems --length 40

tail -f sensor.csv | echoic live --to 'http://127.0.0.1:8420/?token=...'

Sound is raw samples or WAV. Values are CSV, with or without a header, or JSON lines. Music is a JSON list of pitches
for each step of the grid. Runs of transcribe print each line of text when it has ended. Runs of map on sound print raw
samples of one channel in the format of --sample-format, at the rate of the run."""

SampleFormat = Literal["u8", "s16", "s32", "f32"]

_SOUND, _CONTINUATION, _SERVER = "Sound", "Continuation", "On a server"


_Described = Callable[[IO[bytes]], "LiveInput"]
"""How the bytes of an input are read."""


def _sound(metavar: str, help_text: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_text, rich_help_panel=_SOUND)


def _continuation(metavar: str, help_text: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_text, rich_help_panel=_CONTINUATION)


def _server(metavar: str, help_text: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help_text, rich_help_panel=_SERVER)


_RUN = typer.Argument(metavar="RUN", help="Run folder; with --to, none.")
_SOURCE = typer.Argument(metavar="INPUT", help="File or pipe; - is standard input. [default: -]")
_STATE = typer.Option(metavar="FILE", help="State to resume, if it is there; it is saved at the end of the input.")
_SERIES = typer.Option(metavar="NAME", help="Forecasts: series of the run whose scale is used.")
_RATE_HZ = _sound("INTEGER", "Samples per second of raw sound. [default: the run's]")
_SAMPLE_FORMAT = _sound("CHOICE", "Raw samples: u8, s16, s32 or f32.")
_CHANNELS = _sound("INTEGER", "Channels of raw sound.")
_PAUSE_S = _sound(
    "NUMBER", "Pause that ends a clip (0: all is one clip) or a line of text, in seconds. [default: 0.3; text: 1]"
)
_PARTIAL = typer.Option(
    "--partial", help="Clips and lines of text: also print those that have not ended.", rich_help_panel=_SOUND
)
_LENGTH = _continuation(
    "LENGTH", "What to generate: characters after each line of text; steps of music, or sound (8s), at the end."
)
_OUTPUT = _continuation("PATH", "File for sound that comes out.", "--output", "-o")
_TEMPERATURE = _continuation("NUMBER", "Temperature of sampling. [default: 1.0]")
_SEED = _continuation("INTEGER", "Random seed. [default: 0]")
_TO = _server("ADDRESS", "Send the data to a server, as `echoic serve` prints it: its open page can follow them.")
_RUN_NAME = _server("NAME", "Run of the server. [default: the only one]", "--run")


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("live", cls=GroupedCommand, help=f"{help_text}\n\n{_EXAMPLES}")(live)


def live(
    run: Annotated[str | None, _RUN] = None,
    source: Annotated[str | None, _SOURCE] = None,
    state: Annotated[Path | None, _STATE] = None,
    series: Annotated[str | None, _SERIES] = None,
    rate_hz: Annotated[int | None, _RATE_HZ] = None,
    sample_format: Annotated[SampleFormat, _SAMPLE_FORMAT] = "s16",
    channels: Annotated[int, _CHANNELS] = 1,
    pause_s: Annotated[float | None, _PAUSE_S] = None,
    partial_results: Annotated[bool, _PARTIAL] = False,
    length: Annotated[str | None, _LENGTH] = None,
    output: Annotated[Path | None, _OUTPUT] = None,
    temperature: Annotated[float | None, _TEMPERATURE] = None,
    seed: Annotated[int | None, _SEED] = None,
    to: Annotated[str | None, _TO] = None,
    run_name: Annotated[str | None, _RUN_NAME] = None,
    training_data: TrainingData = None,
) -> None:
    from echoic.api.live_input import LiveInput
    from echoic.sources.live import PcmFormat

    place = (source if to is None else run) or "-"  # a server has the run: the only word is the input
    pcm = PcmFormat(sample_format, channels, rate_hz)
    name = "standard input" if place == "-" else place
    described = partial(LiveInput, name=name, pcm=pcm, pause_s=pause_s, series=series)
    sampling = {"--length": length, "--temperature": temperature, "--seed": seed}
    if to is not None:
        here = {"INPUT after RUN": source, "--state": state, **sampling, "--output": output}
        _refuse(here | {"--training-data": training_data}, "not with --to, which sends data to a run of a server")
        _send(to, run_name, place, described, partial_results=partial_results)
        return
    if run is None or run_name is not None:
        raise ConfigError("Give the folder of a run; or a server with --to, and the name of its run with --run.")
    import echoic
    from echoic.api.live import Continuation, run_live
    from echoic.api.live_input import opened_input
    from echoic.api.live_signal import gives_sound

    opened = echoic.load(run, data=training_data)
    if gives_sound(opened):
        unused = {"--series": series, **sampling, "--partial": partial_results or None}
        _refuse(unused, "not for runs that make sound of sound")
        _print_sound(opened, place, described, pcm, state, output)
    else:
        if length is None:
            _refuse({"--output": output, "--temperature": temperature, "--seed": seed}, "only with --length")
        drawn = {} if temperature is None else {"temperature": temperature}
        wanted = None if length is None else Continuation(length, drawn, seed or 0, output)
        with opened_input(place) as file:
            for record in run_live(opened, described(file), state, wanted, partial_results=partial_results):
                typer.echo(json.dumps(record))
    for path in filter(None, (output, state)):
        say(f"{path}: saved")


def _refuse(options: Mapping[str, Any], reason: str) -> None:
    """Refuses options that would have no effect."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ConfigError(f"{', '.join(given)}: {reason}; leave it out.")


def _print_sound(
    opened: "Run", place: str, described: _Described, form: "PcmFormat", state: Path | None, output: Path | None
) -> None:
    """Writes sound to a file, or as raw samples of one channel to standard output, at once."""
    from echoic.api.live_input import opened_input
    from echoic.api.live_signal import run_signal
    from echoic.sources.live import PcmFormat
    from echoic.writers.sound import SUBTYPES, SoundWriter

    with opened_input(place) as file:
        signal = run_signal(opened, described(file), state)
        if output is None:
            form = PcmFormat(form.sample_format)
            say(f"raw sound out: {form.sample_format}, 1 channel, {signal.rate_hz} samples per second")
            for block in signal.blocks:
                sys.stdout.buffer.write(form.to_bytes(block))
                sys.stdout.buffer.flush()
            return
        if output.suffix.lower() not in SUBTYPES:
            raise ConfigError(f"{output}: sound is written as {' or '.join(SUBTYPES)}; choose one of these endings.")
        with SoundWriter(output, signal.rate_hz) as writer:
            for block in signal.blocks:
                writer.write(block)


def _send(to: str, run_name: str | None, place: str, described: _Described, *, partial_results: bool) -> None:
    """Sends data to a server, and prints its results as JSON."""
    try:
        from echoic.web.client.address import ServerAddress
        from echoic.web.client.sending import send_live
    except ModuleNotFoundError as error:
        raise missing((error.name or "").partition(".")[0], error) from None

    def print_record(record: dict[str, Any]) -> None:
        if partial_results or record.get("ended", True):
            typer.echo(json.dumps(record))

    address = ServerAddress.parse(to, os.environ.get("ECHOIC_TOKEN"))
    send_live(address, address.run(run_name), place, described, print_record, say)
