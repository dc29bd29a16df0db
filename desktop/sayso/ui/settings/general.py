"""Settings pages "General" (hotkey, microphone, sounds, indicator) and "Text" (insertion)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ...core.hotkey.chord import Chord
from ...core.problems import ProblemError
from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets.controls import button, label, make_combo, select_value, side_by_side, spaced
from ..widgets.meter import SILENT_DBFS, Keycap, LevelVerdict, Meter
from ..widgets.rows import Group, Row
from .page import Page, PageContext

METER_INTERVAL_MS, ACCESSIBLE_NAME_INTERVAL_MS = 50, 2000


class InsertionPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        rows = [self.setting_row("insertion.method"), self.setting_row("insertion.newlines")]
        self.add_groups(Group(context.scheme, tr("Insertion"), rows))
        self.refresh()


class GeneralPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self._stop_recording: Callable[[], None] | None = None
        self._stop_meter: Callable[[], None] | None = None
        self._verdict = LevelVerdict()
        self._latest_dbfs = [SILENT_DBFS]
        self._named_at_ms = 0.0
        self._meter_timer = QTimer(self)
        self._meter_timer.setInterval(METER_INTERVAL_MS)
        self._meter_timer.timeout.connect(self._draw_level)
        scheme = context.scheme
        self.add_groups(
            Group(scheme, tr("Dictation"), [self._hotkey_row(), self.setting_row("hotkey.mode")]),
            Group(scheme, tr("Microphone"), [self._microphone_row()]),
            Group(scheme, tr("Feedback"), [self.setting_row("sounds"), self.setting_row("pill")]),
        )
        self.refresh()

    def refresh(self) -> None:
        super().refresh()
        if self._stop_recording is None:
            shown = Chord.parse(self.settings.hotkey.chord).display_name
            self.keycap.setText(shown)
            name = tr("Hotkey, {hotkey}, change").format(hotkey=shown)
            self.change_button.setAccessibleName(name)

    def escape(self) -> bool:
        """Cancel the recording of a hotkey."""
        return self._end_recording()

    def _hotkey_row(self) -> Row:
        self.keycap = Keycap(self.context.scheme)
        self.keycap.installEventFilter(self)
        self.change_button = button(tr("&Change…"), self._toggle_recording)
        control = side_by_side(self.keycap, self.change_button)
        control.setFocusProxy(self.change_button)
        return self.add_row("hotkey.chord", control)

    def _toggle_recording(self) -> None:
        if self._end_recording():
            return
        self.rows["hotkey.chord"].note.show_problem(None)
        self.keycap.recording = True
        self.keycap.setText(tr("Press a key…"))
        self.keycap.setAccessibleName(tr("Press a key, or Esc to keep the old one"))
        self.keycap.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.keycap.setFocus()
        self.change_button.setText(tr("Cancel"))
        self.change_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        call = self.context.run_in_main_thread
        self._stop_recording = self.context.actions.settings.record_hotkey(
            lambda chord: call(lambda: self._on_recorded(chord))
        )

    def _on_recorded(self, chord: str) -> None:
        if self._end_recording() and chord:
            self.change("hotkey.chord", chord)

    def _end_recording(self) -> bool:
        stop, self._stop_recording = self._stop_recording, None
        if stop is None:
            return False
        self.keycap.recording = False
        self.keycap.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.change_button.setText(tr("&Change…"))
        self.change_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.change_button.setFocus()
        stop()
        self.refresh()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.keycap and event.type() == QEvent.Type.FocusOut:
            self._end_recording()
        return super().eventFilter(watched, event)

    def _microphone_row(self) -> Row:
        self._microphone_combo = make_combo(self.context.scheme, {}, self.control_width)
        self._show_microphones({})
        self._microphone_combo.activated.connect(lambda _: self._choose_microphone())
        self.meter, color = Meter(self.context.scheme), self.context.scheme.secondary_text
        self.level_label = label(self._verdict.message, "caption", color, wrap=True)
        below = QWidget()
        column = spaced(QVBoxLayout(below), 6)
        column.addWidget(self.meter)
        column.addWidget(self.level_label)
        return self.add_row("microphone.device", self._microphone_combo, below)

    def _choose_microphone(self) -> None:
        self._end_meter()
        self.change("microphone.device", self._microphone_combo.currentData())
        self._begin_meter()

    def _show_microphones(self, names: Mapping[str, str]) -> None:
        self._microphone_combo.clear()
        for value, name in {"": tr("System default"), **names}.items():
            self._microphone_combo.addItem(name, value)
        select_value(self._microphone_combo, self.settings.microphone.device)

    def showEvent(self, event: QShowEvent) -> None:
        self.context.background.run(
            self.context.actions.settings.microphones,
            self._show_microphones,
            self.rows["microphone.device"].note.show_problem,
        )
        self._begin_meter()

    def hideEvent(self, event: QHideEvent) -> None:
        """Close the microphone, which is open only while the meter is visible."""
        self._end_meter()
        self._end_recording()

    def _begin_meter(self) -> None:
        if self._stop_meter is not None or not self.isVisible():
            return
        latest = self._latest_dbfs = [SILENT_DBFS]
        self._verdict = LevelVerdict()

        def on_level(dbfs: float) -> None:
            latest[0] = dbfs  # called in another thread; the assignment is atomic

        try:
            self._stop_meter = self.context.actions.settings.start_level_meter(on_level)
        except ProblemError as error:
            self.rows["microphone.device"].note.show_problem(error.problem)
            return
        self._meter_timer.start()

    def _end_meter(self) -> None:
        self._meter_timer.stop()
        stop, self._stop_meter = self._stop_meter, None
        if stop is not None:
            stop()
        self.meter.show_level(0.0, 0.0)

    def _draw_level(self) -> None:
        now_ms = time.monotonic() * 1000
        self._verdict.add(self._latest_dbfs[0], now_ms)
        self.meter.show_level(self._verdict.level, self._verdict.peak)
        if self.level_label.text() != self._verdict.message:
            self.level_label.setText(self._verdict.message)
        if now_ms - self._named_at_ms >= ACCESSIBLE_NAME_INTERVAL_MS:
            self._named_at_ms = now_ms
            name = tr("Microphone level, {level}").format(level=self._verdict.summary)
            self.meter.setAccessibleName(name)
