"""What is done with an entry's recording: it is played, or recognised again."""

from __future__ import annotations

from collections.abc import Callable

from ...core.dictation.history_entry import Entry
from ...core.problems import Problem
from ..actions import Actions
from ..background import Background
from .rows import Rows


class Recordings:
    """Keeps in the rows which one sounds and which are being recognised."""

    def __init__(
        self,
        actions: Actions,
        background: Background,
        rows: Rows,
        *,
        repaint: Callable[[], None],
        recognised: Callable[[], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """`recognised` is called when the words may be others now, also after `failed`."""
        self._actions, self._background, self._rows = actions, background, rows
        self._repaint, self._recognised, self._failed = repaint, recognised, failed

    def play(self, entry: Entry) -> None:
        self._actions.play(entry.id, lambda problem: self._played(entry.id, problem))
        self._show_playing(entry.id)

    def stop(self) -> None:
        self._actions.stop_playing()

    def recognise(self, entry: Entry, engine: str = "") -> None:
        """Again, by this engine ('' for the chosen one); its words take the place of the old."""
        if entry.id in self._rows.busy:
            return
        self._rows.busy.add(entry.id)
        self._repaint()

        def over(_: object) -> None:
            self._rows.busy.discard(entry.id)
            self._recognised()

        def failed(problem: Problem) -> None:
            over(None)
            self._failed(problem)

        again = self._actions.recognise_again
        self._background.run(lambda: again(entry.id, engine), over, failed)

    def _played(self, id_: str, problem: Problem | None) -> None:
        if self._rows.playing == id_:
            self._show_playing("")
        if problem:
            self._failed(problem)

    def _show_playing(self, id_: str) -> None:
        self._rows.playing = id_
        self._repaint()
