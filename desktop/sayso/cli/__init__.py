"""The command `sayso`.

Commands that are bound to keys import nothing heavy, because they must finish in milliseconds.
"""

from __future__ import annotations

import sys

from . import remote

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def main() -> int:
    """Run the command; return the exit code."""
    arguments = sys.argv[1:]
    if len(arguments) == 1 and arguments[0] in remote.REMOTE_COMMANDS:
        return remote.send(arguments[0])
    if arguments and arguments[0] == "status" and set(arguments[1:]) <= {"--json"}:
        return remote.status(as_json="--json" in arguments)
    return _run_click(arguments)


def _run_click(arguments: list[str]) -> int:
    import click

    from ..core.problems import ProblemError
    from .commands import sayso
    from .common import print_problem

    try:
        code: object = sayso.main(arguments, prog_name="sayso", standalone_mode=False)
    except ProblemError as error:
        print_problem(error.problem)
        return EXIT_BAD_INPUT
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_BAD_INPUT
    return code if isinstance(code, int) else 0
