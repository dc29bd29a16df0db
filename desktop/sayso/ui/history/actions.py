"""What is done with an entry's recording: it is played, or recognised again."""

from __future__ import annotations

from collections.abc import Callable

from ...core.dictation.history_entry import HistoryEntry
from ...core.problems import Problem
from ..actions import Actions
from ..background import Background
from .rows import EntryDelegate


class RecordingActions:
    """Keeps in the rows which one sounds and which are being recognised."""

    def __init__(
        self,
        actions: Actions,
        background: Background,
        delegate: EntryDelegate,
        *,
        repaint: Callable[[], None],
        on_transcribed: Callable[[], None],
        on_problem: Callable[[Problem], None],
    ) -> None:
        """`recognised` is called when the words may be others now, also after `failed`."""
        self._actions, self._background, self._delegate = actions, background, delegate
        self._repaint, self._on_transcribed, self._on_problem = repaint, on_transcribed, on_problem

    def play(self, entry: HistoryEntry) -> None:
        self._actions.history.play(
            entry.id, lambda problem: self._on_playback_ended(entry.id, problem)
        )
        self._show_playing(entry.id)

    def stop(self) -> None:
        self._actions.history.stop_playing()

    def transcribe(self, entry: HistoryEntry, engine: str = "") -> None:
        """Again, by this engine ('' for the chosen one); its words take the place of the old."""
        if entry.id in self._delegate.busy:
            return
        self._delegate.busy.add(entry.id)
        self._repaint()

        def over(_: object) -> None:
            self._delegate.busy.discard(entry.id)
            self._on_transcribed()

        def failed(problem: Problem) -> None:
            over(None)
            self._on_problem(problem)

        again = self._actions.history.transcribe_again
        self._background.run(lambda: again(entry.id, engine), over, failed)

    def _on_playback_ended(self, id_: str, problem: Problem | None) -> None:
        if self._delegate.playing == id_:
            self._show_playing("")
        if problem:
            self._on_problem(problem)

    def _show_playing(self, id_: str) -> None:
        self._delegate.playing = id_
        self._repaint()
