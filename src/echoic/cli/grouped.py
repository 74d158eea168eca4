"""Help in plain text that no width cuts off, with options in groups; errors that name the job or option meant."""

from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup

from echoic.errors import ConfigError


class GroupedCommand(TyperCommand):
    """A command whose help lists its options by their `rich_help_panel`, in two columns.

    Typer's own panels have three columns, which leave little room for sentences and cut long names off.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses `args`; an unknown option suggests those of the help only, no hidden ones."""
        shown = [name for one in self.params if not getattr(one, "hidden", False) for name in one.opts]
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            # Typer's class of this error has moved between its versions.
            if getattr(error, "possibilities", None):
                error.possibilities = get_close_matches(error.option_name, shown)  # type: ignore[attr-defined]
            if isinstance(message := getattr(error, "message", None), str):
                error.message = message.removeprefix("Value error, ")  # type: ignore[attr-defined]  # of pydantic
            raise

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes one section per group, in the order of the options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            name, text = record
            default = "Options"
            if parameter.param_type_name == "argument":
                # Typer adds the name of the Python type.
                name, default = name.split(" ")[0], "Arguments"
            groups.setdefault(getattr(parameter, "rich_help_panel", None) or default, []).append((name, text))
        for title, rows in groups.items():
            with formatter.section(title):
                formatter.write_dl(rows)


class FullHelpGroup(TyperGroup):
    """A group of commands whose help has the whole sentence of each command."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the commands in two columns."""
        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].help or "") for name in names])


class JobGroup(FullHelpGroup):
    """The commands of a verb, one per job."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the job that `args` begin with.

        Raises:
            ConfigError: there is no such job.
        """
        from echoic.jobs import JOBS, settings_class

        if not args[0].startswith("-"):
            try:
                settings_class(args[0])
            except ConfigError as error:
                order = " The job comes before the data." if any(word in JOBS for word in args[1:]) else ""
                raise ConfigError(f"{error}{order}") from None
        return super().resolve_command(ctx, args)
