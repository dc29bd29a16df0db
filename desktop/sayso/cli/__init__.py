"""The commands. Those a key is bound to import nothing: they must be done in a few ms."""

from __future__ import annotations

import sys

from . import remote

EXIT_BAD_INPUT = 2


def main() -> int:
    """The command `sayso`; returns the exit code."""
    arguments = sys.argv[1:]
    if len(arguments) == 1 and arguments[0] in remote.REMOTE_COMMANDS:
        return remote.send(arguments[0])
    if arguments and arguments[0] == "status" and set(arguments[1:]) <= {"--json"}:
        return remote.status(as_json="--json" in arguments)
    return _run_click(arguments)


def _run_click(arguments: list[str]) -> int:
    """Everything that may take longer than a key binding bears."""
    import click

    from ..core.problems import ProblemError
    from .commands import sayso

    try:
        code: object = sayso.main(arguments, prog_name="sayso", standalone_mode=False)
    except ProblemError as error:
        remote.print_error(error.problem.sentence)
        return EXIT_BAD_INPUT
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return EXIT_BAD_INPUT
    return code if isinstance(code, int) else 0
