"""`echoic live RUN [INPUT]`."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from echoic.cli.eval import RunPath
from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.train import TrainingData

_EXAMPLES = """Reads data as they come and prints one JSON object per result, at once:

arecord -f S16_LE -r 16000 -t raw | echoic live runs/bird

tail -f sensor.csv | echoic live runs/ett

echo "The cat" | echoic live runs/poems --go-on 40

Sound is raw samples or WAV. Values are CSV, with or without a header, or JSON lines. Music is a JSON list of pitches
for each step of the grid."""

SampleFormat = Literal["u8", "s16", "s32", "f32"]

_SOUND, _GO_ON = "Sound", "Go on"


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("live", cls=GroupedCommand, help=f"{help_text}\n\n{_EXAMPLES}")(live)


def live(
    run: RunPath,
    source: Annotated[str, typer.Argument(metavar="INPUT", help="File or pipe; - is standard input.")] = "-",
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
            help="Clips: pause that ends one, in seconds; 0: all is one clip. [default: 0.3]",
            rich_help_panel=_SOUND,
        ),
    ] = None,
    running: Annotated[
        bool, typer.Option("--running", help="Clips: also print the one that goes on.", rich_help_panel=_SOUND)
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
        typer.Option("--output", "-o", metavar="PATH", help="File for generated sound.", rich_help_panel=_GO_ON),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Temperature of sampling. [default: 1.0]", rich_help_panel=_GO_ON),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="Random seed.", rich_help_panel=_GO_ON)] = 0,
    training_data: TrainingData = None,
) -> None:
    import echoic
    from echoic.api.live import GoOn, run_live
    from echoic.api.live_input import LiveInput, opened_input
    from echoic.sources.live import PcmFormat

    opened = echoic.load(run, data=training_data)
    sampling = {} if temperature is None else {"temperature": temperature}
    wanted = None if go_on is None else GoOn(go_on, sampling, output)
    with opened_input(source) as file:
        name = "standard input" if source == "-" else source
        given = LiveInput(file, name, PcmFormat(sample_format, channels, rate_hz), pause_s, series)
        for record in run_live(opened, given, state, wanted, seed):
            if running or record.get("ended", True):
                typer.echo(json.dumps(record))
    for path in filter(None, (output, state)):
        say(f"{path}: saved")
