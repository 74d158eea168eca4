"""`echoic generate RUN`."""

from typing import Annotated

import typer

from echoic.cli.eval import RunPath, TrainingData
from echoic.cli.predict import Output
from echoic.cli.tables import write_table


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("generate", help=help_text)(generate)


def generate(
    run: RunPath,
    output: Output,
    length: Annotated[int, typer.Option(help="Steps to make.", min=1)] = 100,
    prime: Annotated[
        str | None, typer.Option(help="What to go on from: a file, or N for the last N known steps; all by default.")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="0: the mean path. 1: draws from the model's distribution.", min=0)
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the draws.", min=0)] = 0,
    training_data: TrainingData = None,
) -> None:
    from echoic.jobs import facts, session

    opened = session.load(run, data=training_data)
    steps = int(prime) if prime is not None and prime.isdigit() else prime
    made = opened.generate(length, prime=steps, temperature=temperature, seed=seed)
    write_table(output, facts.series_columns(made))
    typer.echo(f"{output}: {length} steps of {len(made)} series", err=True)
