"""The one question Sayso asks before what cannot be undone."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def confirm_delete(parent: QWidget, count: int) -> bool:
    """Ask whether so many dictations may go."""
    what = "1 dictation" if count == 1 else f"{count} dictations"
    return _confirm(parent, "&Delete", f"Delete {what}?", "This cannot be undone.")


def confirm_remove(parent: QWidget, name: str) -> bool:
    """Ask whether a server may go."""
    what_goes = "Its settings go. Its key stays in the keyring until you forget it."
    return _confirm(parent, "&Remove", f"Remove {name}?", what_goes)


def _confirm(parent: QWidget, verb: str, question: str, what_goes: str) -> bool:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Sayso")
    box.setText(question)
    box.setInformativeText(what_goes)
    go = box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton("&Keep", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is go
