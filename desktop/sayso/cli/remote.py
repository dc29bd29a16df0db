"""What is asked of the running Sayso. Imports next to nothing: a key may be bound to it."""

from __future__ import annotations

import sys

from ..storage.instance import ask

NOT_RUNNING = 3
QUICK = ("start", "stop", "toggle", "cancel", "quit")
"""One word each, sent to the running Sayso."""


def send(word: str) -> int:
    """Have it done; returns the exit code."""
    answer = ask(word)
    if answer is None:
        return not_running()
    if answer != "ok":
        complain(answer)
        return 1
    return 0


def status(*, as_json: bool) -> int:
    """Print what it does now; returns the exit code."""
    answer = ask("status")
    if answer is None:
        return not_running()
    if as_json:
        _say(answer)
    else:
        import json

        now = json.loads(answer)
        _say(f"{now['state']} ({now['engine']}{'' if now['ready'] else ', not ready'})")
    return 0


def not_running() -> int:
    complain("Sayso is not running. Start it with: sayso")
    return NOT_RUNNING


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
