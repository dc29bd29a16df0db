"""Executes the commands that other processes send to the running Sayso, one line each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from .core.dictation import events as e
from .core.problems import ProblemError
from .dictation.worker import Worker
from .storage.keyring import ApiKeyStore

_EVENTS: dict[str, e.Event] = {
    "start": e.Start(hands_free=True),
    "stop": e.Stop(),
    "cancel": e.Cancel(),
}


class ControlServer:
    """Runs in the worker's loop."""

    def __init__(
        self, worker: Worker, key_store: ApiKeyStore, handlers: Mapping[str, Callable[[], None]]
    ) -> None:
        """`handlers` perform the commands of the interface; they must not block."""
        self._worker, self._key_store, self._handlers = worker, key_store, handlers

    async def answer(self, request: str) -> str:
        """Return 'ok', the requested status as JSON, or a sentence that describes the problem."""
        words = request.split()
        if len(words) == 3 and words[0] == "keep-key":
            return self._keep_api_key(words[1], words[2])
        if request == "toggle":
            request = "stop" if self._worker.status.state == "listening" else "start"
        if request == "status":
            return self._status()
        if request in _EVENTS:
            self._worker.handle(_EVENTS[request])
        elif request in self._handlers:
            self._handlers[request]()
        else:
            return "Unknown command."
        return "ok"

    def _status(self) -> str:
        status = self._worker.status
        said = {
            "state": status.state,
            "ready": status.ready,
            "engine": status.engine,
            "problem": status.problem.sentence if status.problem else None,
            "held": status.held_text or None,
            "last": self._worker.last_summary,
        }
        return json.dumps(said, ensure_ascii=False)

    def _keep_api_key(self, host: str, api_key: str) -> str:
        try:
            self._key_store.keep_in_memory(host, api_key)
        except ProblemError as error:
            return error.problem.sentence
        return "ok"
