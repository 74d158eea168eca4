"""`echoic live RUN [INPUT]`."""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.train import TrainingData
from echoic.errors import ConfigError
from echoic.extras import missing

_EXAMPLES = """Reads data as they come and prints one JSON object per result, at once:

arecord -f S16_LE -r 16000 -t raw | echoic live runs/bird

arecord -f S16_LE -r 44100 -t raw | echoic live runs/pedal | aplay -f S16_LE -r 44100

tail -f sensor.csv | echoic live runs/ett

echo "The cat" | echoic live runs/poems --go-on 40

tail -f sensor.csv | echoic live --to 'http://127.0.0.1:8420/?token=...'

Sound is raw samples or WAV. Values are CSV, with or without a header, or JSON lines. Music is a JSON list of pitches
for each step of the grid. Runs of transcribe print each line of text when it has ended. Runs of map on sound print raw
samples of one channel in the format of --sample-format, at the rate of the run."""

SampleFormat = Literal["u8", "s16", "s32", "f32"]

_SOUND, _GO_ON, _SERVER = "Sound", "Go on", "On a server"


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("live", cls=GroupedCommand, help=f"{help_text}\n\n{_EXAMPLES}")(live)


def live(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Run folder; with --to, none.")] = None,
    source: Annotated[
        str | None, typer.Argument(metavar="INPUT", help="File or pipe; - is standard input. [default: -]")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="State to resume, if it is there; it is saved at the end of the input."),
    ] = None,
    series: Annotated[
        str | None, typer.Option(metavar="NAME", help="Forecasts: series of the run whose scale is used.")
    ] = None,
    rate_hz: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER", help="Samples per second of raw sound. [default: the run's]", rich_help_panel=_SOUND
        ),
    ] = None,
    sample_format: Annotated[
        SampleFormat,
        typer.Option(metavar="CHOICE", help="Raw samples: u8, s16, s32 or f32.", rich_help_panel=_SOUND),
    ] = "s16",
    channels: Annotated[
        int, typer.Option(metavar="INTEGER", help="Channels of raw sound.", rich_help_panel=_SOUND)
    ] = 1,
    pause_s: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Pause that ends a clip (0: all is one clip) or a line of text, in seconds. [default: 0.3; text: 1]",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    running: Annotated[
        bool,
        typer.Option(
            "--running", help="Clips and lines of text: also print the one that goes on.", rich_help_panel=_SOUND
        ),
    ] = False,
    go_on: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="What to generate: characters after each line of text; steps of music, or sound (8s), at the end.",
            rich_help_panel=_GO_ON,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", help="File for sound that comes out.", rich_help_panel=_GO_ON),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Temperature of sampling. [default: 1.0]", rich_help_panel=_GO_ON),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="Random seed.", rich_help_panel=_GO_ON)] = 0,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Send the data to a server, as `echoic serve` prints it: its open page can follow them.",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    run_name: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="NAME", help="Run of the server. [default: the only one]", rich_help_panel=_SERVER
        ),
    ] = None,
    training_data: TrainingData = None,
) -> None:
    from echoic.api.live_input import LiveInput
    from echoic.sources.live import PcmFormat

    place = (source if to is None else run) or "-"  # a server has the run: the only word is the input
    described = partial(
        LiveInput,
        name="standard input" if place == "-" else place,
        pcm=PcmFormat(sample_format, channels, rate_hz),
        pause_s=pause_s,
        series=series,
    )

    def tell(record: dict[str, Any]) -> None:
        if running or record.get("ended", True):
            typer.echo(json.dumps(record))

    if to is not None:
        only_here = {"INPUT after RUN": source, "--state": state, "--go-on": go_on, "--output": output}
        _refuse(only_here | {"--temperature": temperature, "--seed": seed or None, "--training-data": training_data})
        _send(to, run_name, place, described, tell)
        return
    if run is None or run_name is not None:
        raise ConfigError("Give the folder of a run; or a server with --to, and the name of its run with --run.")
    import echoic
    from echoic.api.live import GoOn, run_live
    from echoic.api.live_input import opened_input
    from echoic.api.live_signal import gives_sound, run_signal

    opened = echoic.load(run, data=training_data)
    if gives_sound(opened):
        _refuse_sampling({"--go-on": go_on, "--temperature": temperature, "--seed": seed or None, "--series": series})
        with opened_input(place) as file:
            _make_sound(run_signal(opened, described(file), state), PcmFormat(sample_format), output)
        for path in filter(None, (output, state)):
            say(f"{path}: saved")
        return
    sampling = {} if temperature is None else {"temperature": temperature}
    wanted = None if go_on is None else GoOn(go_on, sampling, output)
    with opened_input(place) as file:
        for record in run_live(opened, described(file), state, wanted, seed):
            tell(record)
    for path in filter(None, (output, state)):
        say(f"{path}: saved")


def _refuse_sampling(options: dict[str, Any]) -> None:
    """Refuses options that sound out of sound does not have."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ConfigError(f"{', '.join(given)}: not for runs that make sound of sound; leave it out.")


def _make_sound(signal: Any, form: Any, output: Path | None) -> None:
    """Writes sound to a file, or as raw samples of one channel to standard output, at once."""
    from echoic.writers.sound import SUBTYPES, SoundWriter

    if output is not None:
        if output.suffix.lower() not in SUBTYPES:
            raise ConfigError(f"{output}: sound is written as {' or '.join(SUBTYPES)}; choose one of these endings.")
        with SoundWriter(output, signal.rate_hz) as writer:
            for block in signal.blocks:
                writer.write(block)
        return
    say(f"raw sound out: {form.sample_format}, 1 channel, {signal.rate_hz} samples per second")
    for block in signal.blocks:
        sys.stdout.buffer.write(form.to_bytes(block))
        sys.stdout.buffer.flush()


def _refuse(only_here: dict[str, Any]) -> None:
    """Refuses what is only for a run in this process."""
    given = [name for name, value in only_here.items() if value is not None]
    if given:
        raise ConfigError(f"{', '.join(given)}: not with --to, which sends data to a run of a server; leave it out.")


def _send(to: str, run_name: str | None, place: str, described: Any, tell: Callable[[dict[str, Any]], None]) -> None:
    try:
        from echoic.web.client.address import ServerAddress
        from echoic.web.client.sending import send_live
    except ModuleNotFoundError as error:
        raise missing((error.name or "").partition(".")[0], error) from None
    address = ServerAddress.parse(to, os.environ.get("ECHOIC_TOKEN"))
    send_live(address, address.run(run_name), place, described, tell, say)
