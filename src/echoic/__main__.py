"""The command, as `echoic` and as `python -m echoic`."""

from echoic import signals


def main() -> None:
    """Runs the command line and exits."""
    signals.handle(signals.end_at_once)  # while Python imports
    from echoic.cli import main as run_command_line  # noqa: PLC0415

    try:
        run_command_line()
    finally:
        signals.handle(signals.ignore)


if __name__ == "__main__":
    main()
