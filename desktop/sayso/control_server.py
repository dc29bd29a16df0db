"""What other processes ask of the running Sayso: one line each, by `edges.instance`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from .core.dictation import events as e
from .core.problems import ProblemError
from .dictation.worker import Worker
from .storage.keyring import KeyStore

_WISHES: dict[str, e.Event] = {
    "start": e.Start(hands_free=True),
    "stop": e.Stop(),
    "cancel": e.Cancel(),
}


class Requests:
    """In the worker's loop."""

    def __init__(
        self, worker: Worker, keys: KeyStore, acts: Mapping[str, Callable[[], None]]
    ) -> None:
        """`acts`: what the interface does at a word; called in the loop, so they may not wait."""
        self._worker, self._keys, self._acts = worker, keys, acts

    async def answer(self, request: str) -> str:
        """'ok', what was asked for as JSON, or a sentence that says why not."""
        words = request.split()
        if len(words) == 3 and words[0] == "keep-key":
            return self._keep_key(words[1], words[2])
        if request == "toggle":
            request = "stop" if self._worker.status.state == "listening" else "start"
        if request == "status":
            return self._status()
        if request in _WISHES:
            self._worker.handle(_WISHES[request])
        elif request in self._acts:
            self._acts[request]()
        else:
            return "Sayso does not know this command."
        return "ok"

    def _status(self) -> str:
        status = self._worker.status
        said = {
            "state": status.state,
            "ready": status.ready,
            "engine": status.engine,
            "problem": status.problem.sentence if status.problem else None,
            "held": status.held or None,
            "last": self._worker.last,
        }
        return json.dumps(said, ensure_ascii=False)

    def _keep_key(self, host: str, key: str) -> str:
        try:
            self._keys.keep_for_this_run(host, key)
        except ProblemError as error:
            return error.problem.sentence
        return "ok"
