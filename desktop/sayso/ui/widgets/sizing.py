"""How large a window opens and how small it may be made: both grow with the text."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from . import theme


def set_window_size(window: QWidget, default: QSize, minimum: QSize, content: QSize) -> None:
    """Give a window its sizes, none larger than its screen.

    `opens` and `needs` are for 13 px text. `needs` is what its parts take one above the other,
    so that `least` stays as it is until the text is large.
    """
    screen, scale = window.screen().availableSize(), theme.text_scale()
    window.setMinimumSize(minimum.expandedTo(content * scale).boundedTo(screen))
    window.resize((default * scale).boundedTo(screen))
