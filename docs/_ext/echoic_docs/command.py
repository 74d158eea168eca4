"""The page of the command: every verb with its arguments and options, from the Typer app itself."""

from typing import Any

import typer
from typer.core import TyperGroup

from echoic.cli import VERBS, make_app
from echoic.jobs import JOBS, settings_class
from echoic_docs.markdown import code, escape, table

HEADER = """# Command line

`echoic VERB ...`: results go to standard output; progress, notes about the data and errors go to standard error.
`echoic --help` and `echoic VERB --help` show this page in the terminal. More on files of settings, JSON output and
exit codes: [](../guides/command-line.md).
"""


def command_page() -> str:
    """All verbs."""
    return "\n".join([HEADER, *(verb_section(verb, text) for verb, text in VERBS.items())])


def verb_section(verb: str, help_text: str) -> str:
    """A verb: what it does, how it is called, its options."""
    group = typer.main.get_command(make_app([verb]))
    assert isinstance(group, TyperGroup)  # noqa: S101 (the app has more than one verb)
    command = group.commands[verb]
    parts = [f"## echoic {verb}\n\n{escape(help_text)}\n"]
    if isinstance(command, TyperGroup):
        parts += [usage(f"echoic {verb}", command), options(command), *job_sections(verb, command)]
    else:
        parts += [usage(f"echoic {verb}", command), options(command)]
    return "\n".join(parts)


def job_sections(verb: str, group: TyperGroup) -> list[str]:
    """The commands of a verb that has one for each job: what differs is the data; settings have pages of their own."""
    first = next(iter(group.commands.values()))
    data = [
        [f"[{job}](settings/{job}.md)", escape((argument.help or "").removeprefix("Input: "))]
        for job, command in group.commands.items()
        for argument in command.params
        if argument.param_type_name == "argument"
    ]
    settings = {name for job in JOBS for name in settings_class(job).places()}
    return [
        usage(f"echoic {verb} JOB", first),
        table(["job and its settings", "DATA"], data),
        f"Besides the settings of the job, `echoic {verb} JOB` takes:\n",
        options(first, leave_out={*settings, "data"}),
    ]


def usage(name: str, command: Any) -> str:
    """The call in one line."""
    arguments = [
        argument.metavar if argument.required else f"[{argument.metavar.strip('[]')}]"
        for argument in command.params
        if argument.param_type_name == "argument"
    ]
    return f"```text\n{' '.join([name, *arguments, '[OPTIONS]'])}\n```\n"


def options(command: Any, leave_out: set[str] | None = None) -> str:
    """Arguments and options of a command."""
    rows = []
    for param in command.params:
        if param.name in (leave_out or set()) or param.name == "help" or getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            name = code(param.metavar.strip("[]"))
        else:
            name = ", ".join(map(code, [*param.opts, *param.secondary_opts]))
        rows.append([name, escape(param.help or ""), default(param)])
    return table(["option", "description", "default"], rows) if rows else ""


def default(param: Any) -> str:
    """The default, where the option has one."""
    if param.required:
        return "required"
    value = param.default
    return "" if value is None or value is False or callable(value) else code(value)
