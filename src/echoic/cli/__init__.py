"""The `echoic` command: one file per verb, imported on demand.

Results go to stdout, progress and errors to stderr. Exit codes: 0, 1 (failed), 2 (bad input or usage), 128 and the
number of the signal that ended it. To add a verb: a file with `add_to(app, help_text)`, and a line in `VERBS`.
"""

import os
import sys
import warnings
from importlib import import_module
from typing import Annotated

import typer

import echoic
from echoic.cli.allocator import keep_freed_memory
from echoic.cli.grouped import FullHelpGroup
from echoic.cli.openmp import limit_spinning
from echoic.cli.printing import say
from echoic.cli.standard_streams import STANDARD_OUTPUT, discard_output, harden
from echoic.errors import EchoicError
from echoic.signals import Ended, ending_in_order, handle, ignore
from echoic.write_errors import NO_SPACE, cannot_be_written

VERBS = {
    "demo": "Train on a noisy sine in under a minute, continue it, and write a report. Needs no data.",
    "train": "Train a network on your data, train a run on with --from RUN, or resume one with --resume RUN.",
    "tune": "Choose settings by the dev loss of many runs, or resume a search with --resume STUDY.",
    "check": "Overfit one batch: a quick test before a long run.",
    "eval": "Evaluate a run next to simple baselines, on its test split or on new data.",
    "predict": "Predict: forecasts with intervals, classes of clips, events or text of recordings, or signals.",
    "generate": "Generate from a trained network: continue a series, a song or a text, or make sound.",
    "live": "Run a network on data as they come: sound, values, text or notes through a pipe.",
    "serve": "Serve runs on a local page and over WebSockets, live.",
    "drift": "Measure how generated sound drifts away from real sound over time.",
    "report": "Write a self-contained HTML report of one run, or of several side by side.",
    "info": "Show versions, kernels and threads, or the settings and parameters of a run.",
}
"""Verbs and their help; `echoic --help` shows it without importing any of them."""


_BROKEN_PIPE = 128 + 13
"""The exit code of a command whose reader has gone; Windows has no number for SIGPIPE."""


def main() -> None:
    """Runs the command line and exits."""
    harden()
    keep_freed_memory()
    limit_spinning()
    warnings.showwarning = _print_warning  # type: ignore[assignment]
    with ending_in_order():
        try:
            code = _run()
            handle(ignore)
        except Ended as ended:
            handle(ignore)
            say(f"echoic: {ended}")
            code = ended.exit_code
        discard_output()
    sys.exit(code)


def _run() -> int:
    """Runs the command line; its exit code."""
    try:
        try:
            make_app(_typed_words())(prog_name="echoic")
        except SystemExit as end:  # also at success
            sys.stdout.flush()
            # Typer takes care of broken pipes itself.
            return _BROKEN_PIPE if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except EchoicError as error:
        say(f"echoic: {error}")
        return error.exit_code
    except BrokenPipeError:
        return _BROKEN_PIPE
    except OSError as error:
        say(f"echoic: {_sentence(error)}.")
        return 2
    return 0


def _sentence(error: OSError) -> str:
    """What is said about an error of the system that no other place has expected."""
    if "temporary directory" in str(error):
        return "There is no place for temporary files; set TMPDIR to a folder that can be written"
    if error.filename == STANDARD_OUTPUT or error.errno in NO_SPACE:
        return cannot_be_written(error.filename or "A file", error)
    return f"{error.filename or 'a file'}: {error.strerror or error}"


def _typed_words() -> list[str]:
    """The arguments; while a shell completes a line, its words so far, which are in the environment."""
    if "_ECHOIC_COMPLETE" not in os.environ:
        return sys.argv[1:]
    return os.environ.get("_TYPER_COMPLETE_ARGS", os.environ.get("COMP_WORDS", "")).split()


def make_app(arguments: list[str]) -> typer.Typer:
    """The command line; imports only the verb that `arguments` name."""
    app = typer.Typer(
        name="echoic",
        cls=FullHelpGroup,
        help="Train recurrent networks on any sequence, on your own CPU, and run them live.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 160},
    )
    verb_given = next((word for word in arguments if word in VERBS), None)
    for verb, help_text in VERBS.items():
        if verb == verb_given:
            import_module(f"echoic.cli.{verb}").add_to(app, help_text)
        else:
            app.command(verb, help=help_text)(_not_loaded)

    @app.callback()
    def _root(
        version: Annotated[
            bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
        ] = False,
    ) -> None:
        """Train recurrent networks on any sequence, on your own CPU, and run them live.

        Start with `echoic demo`. Every verb has --help.
        """

    return app


def _print_version(value: bool) -> None:  # noqa: FBT001
    if value:
        typer.echo(f"echoic {echoic.__version__}")
        raise typer.Exit


def _print_warning(message: Warning | str, category: type[Warning], *_place: object) -> None:
    """Prints a warning in one line; those of libraries name their category."""
    kind = "" if category is UserWarning else f"{category.__name__}: "
    say(f"echoic: {kind}{message}")


def _not_loaded() -> None:
    """Placeholder of verbs that are not loaded."""
