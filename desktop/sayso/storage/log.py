"""The log file: what happened, for a report. Never words, keys or sound."""

from __future__ import annotations

import logging
import logging.handlers
import os
from io import TextIOWrapper
from pathlib import Path

from ..core.problems import Problem, untyped_problem

MAX_LOG_BYTES = 500_000


class _PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """The next file after a full one is the user's own too."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")


def log_to_file(path: Path, *, verbose: bool = False) -> Problem | None:
    """Send Sayso's log to a rotating file that only the user can read; a problem where none is.

    A file that cannot be written on later (a full disk) ends nothing: lines are dropped.
    """
    problem = None
    logging.raiseExceptions = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        os.chmod(path, 0o600)
        handler: logging.Handler = _PrivateRotatingFileHandler(
            path, maxBytes=MAX_LOG_BYTES, backupCount=1
        )
    except OSError as error:
        handler = logging.NullHandler()
        problem = untyped_problem(
            "Sayso's folders cannot be written, so nothing is kept.",
            f"Your words are typed all the same. Check {path.parent}.",
            detail=str(error),
        )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log = logging.getLogger("sayso")
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    log.addHandler(handler)
    log.propagate = False
    # Libraries log urls, headers and messages at lower levels; those can hold keys and words.
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.addHandler(handler)
    for chatty in ("websockets", "faster_whisper", "keyring", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return problem
