"""`echoic demo`: training, evaluation and report on a signal that needs no file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.progress import TrainingBar
from echoic.cli.tables import print_scores

SETTINGS: dict[str, Any] = {
    "strategy": "recursive",
    "cell": "lstm",
    "layers": (16, 16),
    "epochs": 3,
}
"""A small LSTM, as in the project that echoic began with."""


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("demo", cls=GroupedCommand, help=help_text)(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="PATH", help="Run folder to create.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="Random seed of the weights.", min=0)] = 0,
) -> None:
    import echoic
    from echoic.api.report import write_report

    say("A sine with a period of 1 s, 100 samples per second, and noise with a standard deviation of 0.02.")
    say("The lowest possible squared error is 0.0004, the variance of the noise.")
    with TrainingBar() as bar:
        run = echoic.train(
            "forecast",
            "synth:sine",
            out=out,
            config=SETTINGS | {"seed": seed},
            on_progress=bar.update,
        )
    evaluation = run.evaluate()
    print_scores("one step ahead, test split", evaluation.rows)
    continuation = run.folder.samples / "continuation.csv"
    continuation.parent.mkdir(exist_ok=True)
    run.write(continuation, 1000)
    page = write_report([run], None)
    typer.echo(f"continuation: {continuation}\nreport: {page}")
