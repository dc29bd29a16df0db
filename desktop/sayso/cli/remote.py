"""Commands to the running Sayso. Imports almost nothing, because keys are bound to them."""

from __future__ import annotations

import sys

from ..storage.instance import request

EXIT_NOT_RUNNING = 3
REMOTE_COMMANDS = ("start", "stop", "toggle", "cancel", "quit")


def send(command: str) -> int:
    """Send a command to the running Sayso; return the exit code."""
    response = request(command)
    if response is None:
        return report_not_running()
    if response != "ok":
        print_error(response)
        return 1
    return 0


def status(*, as_json: bool) -> int:
    """Print the state of the running Sayso; return the exit code."""
    response = request("status")
    if response is None:
        return report_not_running()
    if as_json:
        sys.stdout.write(f"{response}\n")
    else:
        import json

        now = json.loads(response)
        ready = "" if now["ready"] else ", not ready"
        sys.stdout.write(f"{now['state']} ({now['engine']}{ready})\n")
    return 0


def report_not_running() -> int:
    print_error("Sayso is not running. Start it with: sayso")
    return EXIT_NOT_RUNNING


def print_error(text: str) -> None:
    sys.stderr.write(f"{text}\n")
