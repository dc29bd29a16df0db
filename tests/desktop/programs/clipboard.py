"""A program that copies: {"mode": 0 or 1, "set": {format: hex}}.

Mode 0 is the clipboard, 1 the primary selection. The answer has all formats with their data; for
{"mode": ..., "list": true}, only their names, which does not fetch the data.
"""

import json
import sys

from PySide6.QtCore import QBuffer, QMimeData, QSocketNotifier
from PySide6.QtGui import QClipboard, QColor, QImage
from PySide6.QtWidgets import QApplication

application = QApplication(["clipboard"])
clipboard = application.clipboard()


def image() -> bytes:
    picture = QImage(64, 64, QImage.Format.Format_RGB32)
    picture.fill(QColor("teal"))
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return bytes(buffer.data().data())


def answer() -> None:
    line = sys.stdin.readline()
    if not line:
        application.quit()
        return
    question = json.loads(line)
    mode = QClipboard.Mode(question["mode"])
    if "set" in question:
        mime = QMimeData()
        for name, data in question["set"].items():
            mime.setData(name, image() if data == "image" else bytes.fromhex(data))
        clipboard.setMimeData(mime, mode)
    mime = clipboard.mimeData(mode)
    names = mime.formats() if mime else []
    fetch = "list" not in question
    found = {name: bytes(mime.data(name).data()).hex() if fetch else "" for name in names}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
notifier.activated.connect(answer)
application.exec()
