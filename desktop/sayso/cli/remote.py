"""What is asked of the running Sayso. Imports next to nothing: a key may be bound to it."""

from __future__ import annotations

import sys

from ..storage.instance import request

EXIT_NOT_RUNNING = 3
REMOTE_COMMANDS = ("start", "stop", "toggle", "cancel", "quit")
"""One word each, sent to the running Sayso."""


def send(command: str) -> int:
    """Have it done; returns the exit code."""
    answer = request(command)
    if answer is None:
        return report_not_running()
    if answer != "ok":
        print_error(answer)
        return 1
    return 0


def status(*, as_json: bool) -> int:
    """Print what it does now; returns the exit code."""
    answer = request("status")
    if answer is None:
        return report_not_running()
    if as_json:
        _print(answer)
    else:
        import json

        now = json.loads(answer)
        _print(f"{now['state']} ({now['engine']}{'' if now['ready'] else ', not ready'})")
    return 0


def report_not_running() -> int:
    print_error("Sayso is not running. Start it with: sayso")
    return EXIT_NOT_RUNNING


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def print_error(text: str) -> None:
    sys.stderr.write(f"{text}\n")
