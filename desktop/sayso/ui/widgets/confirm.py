"""Confirmation dialogs for actions that cannot be undone."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from ..translate import tr


def confirm_delete(parent: QWidget, count: int) -> bool:
    """Ask whether to delete this many dictations."""
    question = tr("Delete 1 dictation?")
    if count != 1:
        question = tr("Delete {count} dictations?").format(count=count)
    return _confirm(parent, tr("&Delete"), question, tr("This cannot be undone."))


def confirm_remove(parent: QWidget, name: str) -> bool:
    """Ask whether to remove a server."""
    details = tr("Its settings are deleted. Its API key stays in the keyring until you delete it.")
    return _confirm(parent, tr("&Remove"), tr("Remove {name}?").format(name=name), details)


def _confirm(parent: QWidget, action: str, question: str, details: str) -> bool:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Sayso")
    box.setText(question)
    box.setInformativeText(details)
    proceed = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(tr("&Keep"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is proceed
