"""Settings page "About": version, license, details for a report."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from PySide6 import __version__ as qt_version
from PySide6.QtCore import QSysInfo
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ... import __version__
from ...core.settings.settings import Settings
from ..translate import tr
from ..widgets import icons
from ..widgets.controls import button, label, spaced
from ..widgets.rows import Group, Row, scaled
from .page import Page, PageContext


class AboutPage(Page):
    def __init__(self, context: PageContext, settings: Settings) -> None:
        super().__init__(context, settings)
        self.copy_button = button(tr("&Copy"), self._copy)
        title = tr("Copy &details for a report")
        help_text = tr("Versions and error codes; never text, API keys, addresses or audio.")
        self._row = Row(context.scheme, title, help_text, self.copy_button)
        self.add_groups(self._make_header(), Group(context.scheme, "", [self._row]))

    def _make_header(self) -> QWidget:
        header = QWidget()
        line = spaced(QHBoxLayout(header), 16, (2, 8, 0, 4))
        icon = QLabel()
        icon.setPixmap(icons.render("sayso", scaled(64), ratio=self.devicePixelRatioF()))
        line.addWidget(icon)
        texts = spaced(QVBoxLayout(), 4)
        texts.addStretch(1)
        texts.addWidget(label(f"Sayso {__version__}", "title"))
        license_text = tr("Free software under the MIT license.")
        texts.addWidget(label(license_text, "body", self.context.scheme.secondary_text, wrap=True))
        texts.addStretch(1)
        line.addLayout(texts, 1)
        return header

    def _copy(self) -> None:
        codes = self.context.actions.settings.recent_problem_codes()
        QApplication.clipboard().setText(report(self.settings, codes))
        self._row.note.show_message(tr("Copied."))


def report(settings: Settings, problem_codes: Sequence[str]) -> str:
    """Return details that help to understand a problem.

    Only these values are included. Other settings may contain personal text, API keys,
    addresses or device names.
    """
    endpoint = settings.endpoint
    engine: str = settings.engine
    if engine == "realtime":
        engine = f"{engine}, {endpoint.dialect}, {endpoint.transport}, {endpoint.auth}"
    return "\n".join(
        [
            f"Sayso {__version__}, Python {platform.python_version()}, Qt {qt_version}",
            f"{QSysInfo.prettyProductName()}, {QSysInfo.currentCpuArchitecture()}, "
            f"{QGuiApplication.platformName()}",
            f"Engine: {engine}",
            f"Recent problems: {', '.join(problem_codes) or 'none'}",
        ]
    )
