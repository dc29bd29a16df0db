"""Settings, General: hotkey, microphone, cues."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from ...core.hotkey.chord import Chord
from ...core.problems import Problem, ProblemError
from ...core.settings.settings import Settings
from ..widgets.level import LevelVerdict
from ..widgets.meter import Keycap, Meter
from ..widgets.rows import Group, Row, label, scaled, side_by_side
from .page import Page, PageContext, make_combo, select_value

MODES = (
    ("tap-or-hold", "Hold, or tap for hands-free"),
    ("hold", "Hold only"),
    ("toggle", "Tap only"),
)
PILLS = (
    ("bottom", "Bottom of the screen"),
    ("top", "Top of the screen"),
    ("when-needed", "Only when something needs you"),
    ("never", "Never"),
)
METER_INTERVAL_MS, ACCESSIBLE_NAME_INTERVAL_MS = 50, 2000
"""How often the meter is drawn, and its accessible name changed at most."""


class GeneralPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self._stop_recording: Callable[[], None] | None = None
        self._stop_meter: Callable[[], None] | None = None
        self._verdict = LevelVerdict()
        self._latest = [-120.0]
        self._named_at_ms = 0.0
        self._meter_timer = QTimer(self)
        self._meter_timer.setInterval(METER_INTERVAL_MS)
        self._meter_timer.timeout.connect(self._draw_level)
        scheme = context.scheme
        self.add_groups(
            Group(
                scheme,
                "Dictation",
                [
                    self._hotkey_row(),
                    self.combo_row(
                        "hotkey.mode", "&Mode", "When hands-free, tap again to finish.", MODES
                    ),
                ],
            ),
            Group(scheme, "Microphone", [self._microphone_row()]),
            Group(
                scheme,
                "Cues",
                [
                    self.switch_row(
                        "sounds",
                        "Play &sounds",
                        "A soft tone when Sayso starts and stops listening.",
                    ),
                    self.combo_row(
                        "pill", "Show the &pill", "Shows your voice and your words.", PILLS
                    ),
                ],
            ),
        )
        self.refresh()

    def refresh(self) -> None:
        self.show_values()
        if self._stop_recording is None:
            shown = Chord.parse(self.settings.hotkey.chord).display_name
            self.keycap.setText(shown)
            self.change_button.setAccessibleName(f"Hotkey, {shown}, change")

    def escape(self) -> bool:
        """Esc while a hotkey is recorded keeps the old one."""
        if self._stop_recording is None:
            return False
        self._end_recording()
        return True

    # Hotkey

    def _hotkey_row(self) -> Row:
        self.keycap = Keycap(self.context.scheme)
        self.keycap.installEventFilter(self)
        self.change_button = QPushButton("&Change…")
        self.change_button.setMinimumHeight(scaled(30))
        self.change_button.clicked.connect(self._begin_recording)
        control = side_by_side(self.keycap, self.change_button)
        control.setFocusProxy(self.change_button)
        row = Row(self.context.scheme, "&Hotkey", "Hold it, speak, let go.", control)
        return self.add_row("hotkey.chord", row)

    @Slot()
    def _begin_recording(self) -> None:
        if self._stop_recording is not None:
            self._end_recording()
            return
        self.rows["hotkey.chord"].note.show_problem(None)
        self.keycap.recording = True
        self.keycap.setText("Press a key…")
        self.keycap.setAccessibleName("Press a key, or Esc to keep the old one")
        self.keycap.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.keycap.setFocus()
        self.change_button.setText("Cancel")
        self.change_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        call = self.context.run_in_main_thread
        self._stop_recording = self.context.actions.settings.record_hotkey(
            lambda chord: call(lambda: self._on_recorded(chord))
        )

    def _on_recorded(self, chord: str) -> None:
        if self._stop_recording is None:
            return  # it was cancelled meanwhile
        self._end_recording()
        if chord:
            self.change("hotkey.chord", chord)

    def _end_recording(self) -> None:
        stop, self._stop_recording = self._stop_recording, None
        self.keycap.recording = False
        self.keycap.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.change_button.setText("&Change…")
        self.change_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.change_button.setFocus()
        if stop is not None:
            stop()
        self.refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        away = event.type() == QEvent.Type.FocusOut
        if watched is self.keycap and away and self._stop_recording is not None:
            self._end_recording()
        return super().eventFilter(watched, event)

    # Microphone

    def _microphone_row(self) -> Row:
        combo = make_combo(self.context, [("", "System default")], 232)
        combo.activated.connect(lambda _: self._choose_microphone(combo.currentData()))
        self.meter = Meter(self.context.scheme)
        self.level_label = label(
            "Speak to see the level.", "caption", self.context.scheme.secondary_text, True
        )
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.meter)
        column.addWidget(self.level_label)
        row = Row(self.context.scheme, "M&icrophone", "", combo, below)
        self._microphone_combo = combo
        return self.add_row("microphone.device", row)

    def _choose_microphone(self, name: object) -> None:
        self._end_meter()
        self.change("microphone.device", name)
        self._begin_meter()

    def _show_microphones(self, named: Mapping[str, str]) -> None:
        self._microphone_combo.clear()
        self._microphone_combo.addItem("System default", "")
        for name, shown in named.items():
            self._microphone_combo.addItem(shown, name)
        select_value(self._microphone_combo, self.settings.microphone.device)

    def _show_microphone_problem(self, problem: Problem) -> None:
        self.rows["microphone.device"].note.show_problem(problem)

    def showEvent(self, event: QShowEvent) -> None:
        self.context.background.run(
            self.context.actions.settings.microphones,
            self._show_microphones,
            self._show_microphone_problem,
        )
        self._begin_meter()

    def hideEvent(self, event: QHideEvent) -> None:
        """The microphone is listened to only while the page can be seen."""
        self._end_meter()
        if self._stop_recording is not None:
            self._end_recording()

    def _begin_meter(self) -> None:
        if self._stop_meter is not None or not self.isVisible():
            return
        latest = self._latest = [-120.0]
        self._verdict = LevelVerdict()

        def hear(dbfs: float) -> None:  # in another thread: one assignment
            latest[0] = dbfs

        try:
            self._stop_meter = self.context.actions.settings.start_level_meter(hear)
        except ProblemError as error:
            self._show_microphone_problem(error.problem)
            return
        self._meter_timer.start()

    def _end_meter(self) -> None:
        self._meter_timer.stop()
        stop, self._stop_meter = self._stop_meter, None
        if stop is not None:
            stop()
        self.meter.show_level(0.0, 0.0)

    @Slot()
    def _draw_level(self) -> None:
        now = time.monotonic() * 1000
        self._verdict.add(self._latest[0], now)
        self.meter.show_level(self._verdict.level, self._verdict.peak)
        if self.level_label.text() != self._verdict.message:
            self.level_label.setText(self._verdict.message)
        if now - self._named_at_ms >= ACCESSIBLE_NAME_INTERVAL_MS:
            self._named_at_ms = now
            self.meter.setAccessibleName(f"Microphone level, {self._verdict.summary}")
