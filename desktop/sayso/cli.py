"""The commands. Those a key is bound to import nothing: they must be done in a few ms."""

from __future__ import annotations

import sys

NOT_RUNNING = 3
BAD_INPUT = 2
QUICK = ("start", "stop", "toggle", "cancel", "quit")
"""One word each, sent to the running Sayso."""


def main() -> int:
    """The command `sayso`; returns the exit code."""
    arguments = sys.argv[1:]
    if len(arguments) == 1 and arguments[0] in QUICK:
        return _quick(arguments[0])
    if arguments and arguments[0] == "status" and set(arguments[1:]) <= {"--json"}:
        return _status(as_json="--json" in arguments)
    return _commands(arguments)


def _quick(word: str) -> int:
    from .edges.instance import ask

    answer = ask(word)
    if answer is None:
        return _not_running()
    if answer != "ok":
        _complain(answer)
        return 1
    return 0


def _status(*, as_json: bool) -> int:
    from .edges.instance import ask

    answer = ask("status")
    if answer is None:
        return _not_running()
    if as_json:
        _say(answer)
    else:
        import json

        status = json.loads(answer)
        _say(f"{status['state']} ({status['engine']}{'' if status['ready'] else ', not ready'})")
    return 0


def _not_running() -> int:
    _complain("Sayso is not running. Start it with: sayso")
    return NOT_RUNNING


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _commands(arguments: list[str]) -> int:
    """Everything that may take longer than a key binding bears."""
    import click

    from .commands import sayso
    from .core.problems import ProblemError

    try:
        code: object = sayso.main(arguments, prog_name="sayso", standalone_mode=False)
    except ProblemError as error:
        _complain(error.problem.sentence)
        return BAD_INPUT
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    return code if isinstance(code, int) else 0
