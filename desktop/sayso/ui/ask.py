"""The one question Sayso asks before what cannot be undone."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def may_delete(parent: QWidget, count: int) -> bool:
    """Ask whether so many dictations may go."""
    what = "1 dictation" if count == 1 else f"{count} dictations"
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Sayso")
    box.setText(f"Delete {what}?")
    box.setInformativeText("This cannot be undone.")
    delete = box.addButton("&Delete", QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton("&Keep", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is delete
