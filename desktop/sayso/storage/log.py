"""The log file. It describes events for a report and never contains text, API keys or audio."""

from __future__ import annotations

import logging
import logging.handlers
import os
from io import TextIOWrapper
from pathlib import Path

from ..core.problems import Problem
from ..core.problems.storage import LOG_NOT_WRITTEN
from .paths import open_private

MAX_LOG_BYTES = 500_000


class _PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """Rotating handler whose files are all readable by the user only."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=open_private)


def log_to_file(path: Path, *, verbose: bool = False) -> Problem | None:
    """Send Sayso's log to a rotating file, and return a problem if it cannot be created.

    If the file becomes unwritable later (full disk), lines are dropped silently.
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
        problem = LOG_NOT_WRITTEN(folder=path.parent, detail=str(error))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log = logging.getLogger("sayso")
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    log.addHandler(handler)
    log.propagate = False
    # At lower levels, libraries log URLs, headers and messages, which can contain API keys and
    # dictated text.
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.addHandler(handler)
    for verbose_library in ("websockets", "faster_whisper", "keyring", "asyncio"):
        logging.getLogger(verbose_library).setLevel(logging.WARNING)
    return problem
