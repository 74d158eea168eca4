"""`echoic demo`: the whole way on a signal that needs no file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli import STARTED_AT
from echoic.cli.progress import TrainingBar
from echoic.cli.tables import print_scores

SETTINGS: dict[str, Any] = {
    "strategy": "recursive",
    "cell": "lstm",
    "layers": (16, 16),
    "epochs": 3,
}
"""The origin's network on its noisy sine, with echoic's loss at many steps."""


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("demo", help=help_text)(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder to make.")] = Path("runs/demo"),
    seed: Annotated[int, typer.Option(help="Seed of the weights.", min=0)] = 0,
) -> None:
    import echoic
    from echoic.api.report import write_report

    typer.echo("A sine of one period a second, 100 samples a second, with noise of 0.02; the best possible", err=True)
    typer.echo("squared error is 0.0004, the noise itself.", err=True)
    with TrainingBar() as bar:
        run = echoic.train(
            "forecast",
            "synth:sine",
            out=out,
            config=SETTINGS | {"seed": seed},
            on_progress=bar.update,
            started_at=STARTED_AT,
        )
    evaluation = run.evaluate()
    print_scores("one step ahead, test split", evaluation.rows)
    continuation = run.folder.samples / "continuation.csv"
    continuation.parent.mkdir(exist_ok=True)
    run.write(continuation, 1000)
    page = write_report([run], None)
    typer.echo(f"continuation: {continuation}\nreport: {page}")
