"""Style sheet of our windows, for desktops that have no Qt style of their own."""

from __future__ import annotations

from string import Template

import attrs
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from ...core.resources import resource
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
    """Return `style.qss` with these colors. `controls.Combo` draws its own arrow."""
    scale = theme.text_scale()
    dot, ring = round(7 * scale) * 2, round(5 * scale)
    icon_margin = round(13 * scale) - 5  # centers the icon in a narrow sidebar
    sizes = {
        "radius": theme.CONTROL_RADIUS,
        "height": round(28 * scale),
        "arrow": round(12 + 10 * scale),
        "dot": dot,
        "dot_radius": dot // 2 + 1,
        "focused_dot": dot - 2,
        "ring": ring,
        "hole": dot - 2 * ring + 2,
        "icon_margin": icon_margin,
        "focused_icon_margin": icon_margin - 2,
    }
    mixed = {
        "hover": theme.mix(scheme.button, scheme.text, 0.05),
        "pressed": theme.mix(scheme.button, scheme.text, 0.12),
        "item_hover": theme.mix(scheme.window, scheme.text, 0.05),
        "handle": theme.mix(scheme.outline, scheme.window, 0.4),
    }
    template = Template(resource("style.qss").read_text("utf-8"))
    return template.substitute(attrs.asdict(scheme) | sizes | mixed)
