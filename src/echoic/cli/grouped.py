"""Help with options in groups, in plain text that no width cuts off."""

from typing import Any

from typer.core import TyperCommand


class GroupedCommand(TyperCommand):
    """A command whose help lists its options by their `rich_help_panel`, in two columns.

    Typer's own panels have three columns, which leave little room for sentences and cut long names off.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes one section per group, in the order of the options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                default = "Arguments" if parameter.param_type_name == "argument" else "Options"
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or default, []).append(record)
        for title, rows in groups.items():
            with formatter.section(title):
                formatter.write_dl(rows)
