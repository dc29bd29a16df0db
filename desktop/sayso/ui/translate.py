"""Translation of the interface's text."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """Return the text in the user's language; without a translation, the text itself.

    Pass literals, so that `pyside6-lupdate` finds them, and insert values afterwards:
    `tr("Kept for {days} days").format(days=7)`.
    """
    return QCoreApplication.translate("sayso", text)
