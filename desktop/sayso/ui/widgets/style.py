"""Style sheet of our windows, for desktops that have no Qt style of their own."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from . import theme
from .theme import Scheme


def is_fusion() -> bool:
    """Return whether Qt uses its plain fallback style, so that our style sheet is needed."""
    style = QApplication.style()
    return style is not None and style.name().lower() == "fusion"


def has_desktop_palette() -> bool:
    """Return whether the colors come from the desktop, not from Qt."""
    if not is_fusion():
        return True
    plain = QStyleFactory.create("Fusion").standardPalette()
    role = QPalette.ColorRole
    now = QGuiApplication.palette()
    return any(
        now.color(which) != plain.color(which) for which in (role.Window, role.Highlight, role.Text)
    )


def style_sheet(scheme: Scheme) -> str:
    """Return the style sheet for these colors. `controls.Combo` draws its own arrow."""
    return _buttons_and_fields(scheme) + _radio_buttons(scheme) + _lists(scheme)


def _buttons_and_fields(scheme: Scheme) -> str:
    hover = theme.mix(scheme.button, scheme.text, 0.05)
    scale, radius = theme.text_scale(), theme.CONTROL_RADIUS
    high, arrow = round(28 * scale), round(12 + 10 * scale)
    return f"""
    QPushButton, QComboBox, QLineEdit {{ background: {scheme.button}; color: {scheme.text};
        border: 1px solid {scheme.outline}; border-radius: {radius}px; padding: 0 12px;
        min-height: {high}px; selection-background-color: {scheme.accent};
        selection-color: {scheme.on_accent}; }}
    QLineEdit {{ padding: 0 9px; background: {scheme.surface}; }}
    QPlainTextEdit {{ background: {scheme.surface}; color: {scheme.text};
        border: 1px solid {scheme.outline}; border-radius: {radius}px; padding: 3px 5px;
        selection-background-color: {scheme.accent}; selection-color: {scheme.on_accent}; }}
    QPlainTextEdit:focus {{ border: 2px solid {scheme.accent}; padding: 2px 4px; }}
    QPushButton::menu-indicator {{ image: none; width: 0; }}
    QComboBox {{ padding: 0 6px 0 10px; combobox-popup: 0; }}
    QComboBox QLineEdit {{ border: 0; padding: 0; min-height: 0; background: transparent; }}
    QComboBox::drop-down {{ border: 0; width: {arrow}px; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {scheme.surface}; color: {scheme.text};
        border: 1px solid {scheme.outline}; selection-background-color: {scheme.accent};
        selection-color: {scheme.on_accent}; }}
    QPushButton:hover, QComboBox:hover {{ background: {hover}; }}
    QPushButton:pressed {{ background: {theme.mix(scheme.button, scheme.text, 0.12)}; }}
    QPushButton:focus, QComboBox:focus, QLineEdit:focus {{ border: 2px solid {scheme.accent}; }}
    QPushButton:focus {{ padding: 0 11px; }} QComboBox:focus {{ padding: 0 5px 0 9px; }}
    QLineEdit:focus {{ padding: 0 8px; }} QComboBox QLineEdit:focus {{ border: 0; padding: 0; }}
    QPushButton:disabled, QComboBox:disabled, QLineEdit:disabled {{ color: {scheme.disabled_text}; }}
    QPushButton#flat {{ background: transparent; border: 0; color: {scheme.accent};
        padding: 0 8px; }}
    QPushButton#flat:focus {{ border: 2px solid {scheme.accent}; padding: 0 6px; }}
    """  # noqa: E501


def _radio_buttons(scheme: Scheme) -> str:
    scale = theme.text_scale()
    dot, ring = round(7 * scale) * 2, round(5 * scale)
    hole = dot - 2 * ring + 2
    return f"""
    QRadioButton {{ spacing: 10px; color: {scheme.text}; }}
    QRadioButton:disabled {{ color: {scheme.secondary_text}; }}
    QRadioButton::indicator {{ width: {dot}px; height: {dot}px; border-radius: {dot // 2 + 1}px;
        border: 1px solid {scheme.outline}; background: {scheme.surface}; }}
    QRadioButton::indicator:disabled {{ border-color: {scheme.divider};
        background: {scheme.window}; }}
    QRadioButton::indicator:focus {{ border: 2px solid {scheme.accent}; width: {dot - 2}px;
        height: {dot - 2}px; }}
    QRadioButton::indicator:checked {{ width: {hole}px; height: {hole}px;
        border: {ring}px solid {scheme.accent}; background: {scheme.on_accent}; }}
    """


def _lists(scheme: Scheme) -> str:
    radius = theme.CONTROL_RADIUS
    side = round(13 * theme.text_scale()) - 5  # centers the icon in a narrow sidebar
    return f"""
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
    QListWidget#sidebar {{ background: transparent; border: 0; outline: 0; }}
    QListWidget#sidebar::item {{ border-radius: {radius}px; padding-left: {side}px;
        color: {scheme.text}; }}
    QListWidget#sidebar::item:hover {{ background: {theme.mix(scheme.window, scheme.text, 0.05)}; }}
    QListWidget#sidebar::item:selected {{ background: {scheme.accent_soft}; color: {scheme.text}; }}
    QListWidget#sidebar[keyboard="true"]::item:selected {{ border: 2px solid {scheme.accent};
        padding-left: {side - 2}px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {theme.mix(scheme.outline, scheme.window, 0.4)};
        border-radius: 3px; min-height: 32px; }}
    QScrollBar::handle:vertical:hover {{ background: {scheme.outline}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """
