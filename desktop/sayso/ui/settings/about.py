"""Settings, About: version, licence, details for a report."""

from __future__ import annotations

import json
import platform

from PySide6 import __version__ as qt_version
from PySide6.QtCore import QSysInfo, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ... import __version__
from ...core.settings import file_format
from ...core.settings.settings import Settings
from ..widgets import icons
from ..widgets.rows import Group, Row, label, scaled
from .page import Page, PageContext

LICENSE = "Free software under the MIT licence."


class AboutPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.copy_button = QPushButton("&Copy")
        self.copy_button.setMinimumHeight(scaled(30))
        self.copy_button.clicked.connect(self._copy)
        self._row = Row(
            context.scheme,
            "Copy &details for a report",
            "Versions and settings; never words, keys or sound.",
            self.copy_button,
        )
        self.add_groups(self._make_header(), Group(context.scheme, "", [self._row]))

    def _make_header(self) -> QWidget:
        head = QWidget()
        line = QHBoxLayout(head)
        line.setContentsMargins(2, 8, 0, 4)
        line.setSpacing(16)
        icon = QLabel()
        icon.setPixmap(icons.render("sayso", scaled(64), ratio=self.devicePixelRatioF()))
        line.addWidget(icon)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addWidget(label(f"Sayso {__version__}", "title"))
        words.addWidget(label(LICENSE, "body", self.context.scheme.secondary_text, wrap=True))
        words.addStretch(1)
        line.addLayout(words, 1)
        return head

    @Slot()
    def _copy(self) -> None:
        QApplication.clipboard().setText(report(self.settings))
        self._row.note.show_message("Copied.")


def report(settings: Settings) -> str:
    """What helps to understand a problem, and nothing that is the person's own."""
    values = file_format.to_dict(settings)
    return "\n".join(
        [
            f"Sayso {__version__}, Python {platform.python_version()}, Qt {qt_version}",
            f"{QSysInfo.prettyProductName()}, {QSysInfo.currentCpuArchitecture()}, "
            f"{QGuiApplication.platformName()}",
            json.dumps(values, indent=2, ensure_ascii=False),
        ]
    )
