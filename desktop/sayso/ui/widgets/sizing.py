"""Sizes that grow with the system's text size."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from . import theme


def scaled(pixels: float) -> int:
    """Return a length that was designed for 13 px text, scaled to the system's text size."""
    return round(pixels * theme.text_scale())


def set_window_size(window: QWidget, default: QSize, minimum: QSize, content: QSize) -> None:
    """Set a window's initial and minimum size, neither larger than its screen.

    `default` and `content` are scaled with the text. `content` is what the window's parts need
    below each other; `minimum` applies until that is larger.
    """
    screen, scale = window.screen().availableSize(), theme.text_scale()
    window.setMinimumSize(minimum.expandedTo(content * scale).boundedTo(screen))
    window.resize((default * scale).boundedTo(screen))
