"""The command, as `echoic` and as `python -m echoic`."""

import signal


def main() -> None:
    """Runs the command line and exits."""
    # While Python imports, Ctrl-C ends the process at once; the command line then says that it was interrupted.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from echoic.cli import main as run_command_line  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_command_line()


if __name__ == "__main__":
    main()
