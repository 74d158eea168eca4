"""`echoic eval RUN [DATA]`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.progress import progress_bar, round_progress
from echoic.cli.seeds import print_seed_scores, refuse_of_one_run
from echoic.cli.tables import print_columns, print_scores, short_number
from echoic.cli.train import Json, TrainingData
from echoic.errors import ConfigError

_MAX_CONFUSIONS = 5

RunPath = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Run folder; of a study, its winner; of several seeds, the mean over them."),
]
OnError = Annotated[
    Literal["skip", "stop"],
    typer.Option(
        metavar="CHOICE",
        help="Files, clips and series that cannot be used. skip: leave them out, and list them. stop: stop.",
    ),
]


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("eval", cls=GroupedCommand, help=help_text)(evaluate)


def evaluate(
    run: RunPath,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="New data to evaluate on. Default: the run's own.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="SPLIT", help="Split of the run's own data: train, dev or test. [default: test]"),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(
            metavar="INTEGER",
            help="Forecasts: number of steps between the windows that are scored. [default: 1]",
            min=1,
        ),
    ] = None,
    backtest: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            rich_help_panel="Output",
            help="Forecasts: also write every forecast to this CSV or Parquet file.",
        ),
    ] = None,
    statistical: Annotated[
        bool, typer.Option("--statistical", help="Forecasts: add ETS and Theta to the baselines (needs an extra).")
    ] = False,
    by_series: Annotated[
        bool,
        typer.Option("--by-series", help="Forecasts: errors of each series, the worst first; --json has them."),
    ] = False,
    by_class: Annotated[
        bool,
        typer.Option("--by-class", help="Clips: scores of each class, the lowest F1 first; --json has them."),
    ] = False,
    training_data: TrainingData = None,
    on_error: OnError = "skip",
    as_json: Json = False,
) -> None:
    import echoic
    from echoic.api import summaries
    from echoic.api.seed_runs import has_seeds
    from echoic.studies.winner import winning_run
    from echoic.writers.tables import write_table

    if data is not None and split is not None:
        raise ConfigError("`--split` selects from the run's own data; new data are scored as a whole, so leave it out.")
    split = split or "test"
    if has_seeds(run):
        of_one_run = {"--backtest": backtest, "--stride": stride, "--statistical": statistical or None}
        refuse_of_one_run(run, of_one_run | {"--by-series": by_series or None, "--by-class": by_class or None})
        print_seed_scores(run, training_data, data, split, as_json=as_json)
        return
    run = winning_run(run)
    opened = echoic.load(run, data=training_data)
    _check_tables(opened.job, backtest=backtest is not None, by_series=by_series, by_class=by_class)
    with progress_bar() as bar:
        evaluation = opened.evaluate(
            data,
            split=split,
            stride=stride,
            statistical=statistical,
            on_error=on_error,
            on_progress=round_progress(bar, "scoring"),
        )
    if backtest is not None:
        write_table(backtest, opened.backtest(data, split=split, stride=stride or 1, on_error=on_error))
    for note in evaluation.notes:
        say(f"data: {note}")
    # What dev decided belongs to the run's own data; new data have the verdict on them.
    for sentence in [*(opened.notes() if data is None else ()), *filter(None, [evaluation.verdict])]:
        say(sentence)
    if as_json:
        typer.echo(json.dumps(summaries.evaluation_json(opened, evaluation, split, data)))
    else:
        place = data or f"{split} split"
        title = f"{run}: {place}, {evaluation.description}"
        print_scores(title, evaluation.rows)
        if by_series:
            _print_series(evaluation.details["by_series"])
        _print_confusions(evaluation.details.get("confusions", ()))
        if by_class:
            _print_classes(evaluation.details["by_class"])


def _check_tables(job: Any, *, backtest: bool, by_series: bool, by_class: bool) -> None:
    """Refuses tables that the job does not have.

    Raises:
        ConfigError: it does not have one.
    """
    from echoic.jobs.capabilities import Backtests, require

    if backtest or by_series:
        require(job, Backtests, "by_series" if by_series else "backtest")
    if by_class and job.name != "classify":
        raise ConfigError(f"`by_class` is not supported by {job.name} runs; it is for classify runs.")


def _print_confusions(confusions: Sequence[Mapping[str, Any]]) -> None:
    """The most frequent ones."""
    if confusions:
        rows = [list(row.values()) for row in confusions[:_MAX_CONFUSIONS]]
        print_columns("Most frequent confusions", ["class", "taken for", "clips", "of"], rows)


def _print_classes(scores: Mapping[str, Mapping[str, float]]) -> None:
    """Scores of each class."""
    rows = [
        (name, row["clips"], *(short_number(row[score], 3) for score in ("precision", "recall", "f1")))
        for name, row in scores.items()
    ]
    print_columns("By class, the lowest F1 first", ["class", "clips", "precision", "recall", "f1"], rows)


def _print_series(errors: Mapping[str, Mapping[str, float]]) -> None:
    """The errors of each series."""
    columns = ("mae", "mase", "best_baseline_mae")
    rows = [
        (name, *(short_number(row[column]) if column in row else "" for column in columns))
        for name, row in errors.items()
    ]
    print_columns("By series, the worst against its best baseline first", ["series", *columns], rows)
