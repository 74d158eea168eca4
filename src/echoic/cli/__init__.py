"""The `echoic` command: one file a verb, imported when it is asked for.

Results go to stdout, progress and errors to stderr. Exit codes: 0, 1 (failed), 2 (bad input or usage), 130 and 143
(interrupted, after saving). To add a verb: a file with `add_to(app, help_text)`, and a line in `VERBS`.
"""

import signal
import sys
import time
import warnings
from importlib import import_module

import typer

from echoic.cli.allocator import keep_freed_memory
from echoic.errors import EchoicError

STARTED_AT = time.monotonic()
"""When the command started: budgets in minutes count from here."""

VERBS = {
    "demo": "Learn a noisy sine in under a minute, continue it, and write the report. No data needed.",
    "train": "Train a network on your data and write a run folder; or go on with --resume RUN.",
    "check": "Before a long run: can the network learn one batch by heart?",
    "eval": "Score a run beside the naive rows of its job, on its test part or on new data.",
    "predict": "Say what follows given data, with intervals; which class clips belong to; or what happens when.",
    "generate": "Let the model go on by itself, for any length: a series, a tune, a text, sound.",
    "drift": "Measure how generated sound drifts away from real sound as it goes on.",
    "report": "Write one self-contained HTML page about a run, or several side by side.",
    "info": "Show versions, kernel and threads; or a run's settings and parameters.",
}
"""Verbs and what they do; help for all of them is shown without importing any."""


def main() -> None:
    """Runs the command line and exits."""
    keep_freed_memory()
    warnings.showwarning = _print_warning  # type: ignore[assignment]
    try:
        make_app(sys.argv[1:])(prog_name="echoic")
    except EchoicError as error:
        typer.echo(f"echoic: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("echoic: interrupted.", err=True)
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        typer.echo(f"echoic: {error.filename or 'a file'}: {error.strerror or error}.", err=True)
        sys.exit(2)


def make_app(arguments: list[str]) -> typer.Typer:
    """The command line; only the verb that `arguments` begin with is imported."""
    app = typer.Typer(
        name="echoic",
        help="Train recurrent networks on any sequence, on your own CPU, and run them live.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    wanted = next((word for word in arguments if word in VERBS), None)
    for verb, help_text in VERBS.items():
        if verb == wanted:
            import_module(f"echoic.cli.{verb}").add_to(app, help_text)
        else:
            app.command(verb, help=help_text)(_not_loaded)

    @app.callback()
    def _root() -> None:
        """Train recurrent networks on any sequence, on your own CPU, and run them live.

        Start with `echoic demo`. Every verb has --help.
        """

    return app


def _print_warning(message: Warning | str, category: type[Warning], *_place: object) -> None:
    """Our own warnings are sentences for the user; those of libraries name their kind."""
    kind = "" if category is UserWarning else f"{category.__name__}: "
    typer.echo(f"echoic: {kind}{message}", err=True)


def _not_loaded() -> None:
    """Stands in for the verbs that were not asked for."""
