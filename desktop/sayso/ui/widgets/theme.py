"""Colors, fonts, corner radii and durations of the interface.

Sizes are in logical pixels. The indicator always uses these colors. Windows use the desktop's
palette, and these colors if the desktop provides none.
"""

from __future__ import annotations

import attrs
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette

from ...core.resources import load_toml


@attrs.frozen(kw_only=True)
class Scheme:
    """Colors by purpose. Text colors have a contrast of at least 4.5 to 1 on their backgrounds."""

    name: str
    window: str
    surface: str
    button: str
    divider: str
    outline: str
    """Edges of controls; contrast of at least 3 to 1."""
    text: str
    secondary_text: str
    disabled_text: str
    accent: str
    """The microphone is open, or everything is in order."""
    on_accent: str
    accent_soft: str
    warning: str
    error: str
    shadow_alpha: int
    is_high_contrast: bool = False
    """Edges are 2 px wide in the text color; no shadow, no tints."""


_COLORS = load_toml("colors.toml")
LIGHT, DARK = (Scheme(name=name, **_COLORS[name]) for name in ("light", "dark"))

CONTROL_RADIUS, GROUP_RADIUS, INDICATOR_RADIUS = 6, 10, 20
BASE_FONT_PX = 13
"""Font size that all fixed sizes were designed for."""
FADE_IN_MS, FADE_OUT_MS, RESIZE_MS, CROSS_FADE_MS = 140, 120, 160, 100

_FONT_ROLES = {
    "caption": (0.92, QFont.Weight.Normal),
    "body": (1.0, QFont.Weight.Normal),
    "strong": (1.0, QFont.Weight.DemiBold),
    "title": (1.24, QFont.Weight.DemiBold),
    "display": (1.86, QFont.Weight.DemiBold),
}


def color(value: str, alpha: float = 1.0) -> QColor:
    made = QColor(value)
    made.setAlphaF(alpha)
    return made


def mix(start: str, end: str, share: float) -> str:
    """Return the color `share` (0 to 1) of the way from `start` to `end`."""
    a, b = QColor(start), QColor(end)
    channels = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * share) for x, y in channels)).name()


def font(role: str = "body", base: QFont | None = None) -> QFont:
    """Return the system's font for a role: caption, body, strong, title or display."""
    factor, weight = _FONT_ROLES[role]
    made = QFont(base or QGuiApplication.font())
    if made.pixelSize() > 0:
        made.setPixelSize(max(1, round(made.pixelSize() * factor)))
    else:
        made.setPointSizeF(made.pointSizeF() * factor)
    made.setWeight(weight)
    return made


def text_scale() -> float:
    """Return the system's text size relative to 13 px; at least 1."""
    return max(1.0, QFontInfo(QGuiApplication.font()).pixelSize() / BASE_FONT_PX)


def scheme() -> Scheme:
    """Return our own light or dark colors, as the desktop prefers."""
    chosen = DARK if _is_dark() else LIGHT
    return _high_contrast(chosen) if high_contrast() else chosen


def window_scheme(palette: QPalette, from_desktop: bool) -> Scheme:
    """Return the colors for windows: of the palette, if the desktop provides it, or else ours."""
    if not from_desktop:
        return scheme()
    ours = DARK if palette.window().color().lightnessF() < 0.5 else LIGHT
    role = QPalette.ColorRole

    def named(which: QPalette.ColorRole) -> str:
        return palette.color(QPalette.ColorGroup.Active, which).name()

    text, surface, accent = named(role.Text), named(role.Base), named(role.Accent)
    made = attrs.evolve(
        ours,
        window=named(role.Window),
        surface=surface,
        button=named(role.Button),
        text=text,
        secondary_text=mix(text, surface, 0.25),
        disabled_text=mix(text, surface, 0.35),
        divider=mix(text, surface, 0.88),
        outline=mix(text, surface, 0.48),
        accent=accent,
        on_accent=text_color_on(accent),
        accent_soft=mix(accent, named(role.Window), 0.85),
    )
    return _high_contrast(made) if high_contrast() else made


def palette(chosen: Scheme) -> QPalette:
    """Return a palette for windows on a desktop that provides none."""
    made, role = QPalette(), QPalette.ColorRole
    for name, color_name in _COLORS["palette"].items():
        made.setColor(getattr(role, name), QColor(getattr(chosen, color_name)))
    for which in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(chosen.disabled_text))
    return made


def high_contrast() -> bool:
    """Return whether the desktop asks for more contrast (reported by Qt 6.10 and later)."""
    return _accessibility_hint("contrastPreference") == "HighContrast"


def reduced_motion() -> bool:
    """Return whether the desktop asks for less motion (reported by Qt 6.12 and later)."""
    return _accessibility_hint("motionPreference") == "ReducedMotion"


def _accessibility_hint(name: str) -> str:
    style = QGuiApplication.styleHints()  # keep a reference: the hints are deleted with it
    hints = getattr(style, "accessibility", lambda: None)()
    preference = getattr(hints, name, lambda: None)()
    return str(getattr(preference, "name", ""))


def luminance(value: str) -> float:
    """Return the relative luminance as defined by WCAG 2."""
    made = QColor(value)
    channels = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (made.redF(), made.greenF(), made.blueF())
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio as defined by WCAG 2, from 1 to 21."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_color_on(background: str) -> str:
    """Return white or near black, whichever has more contrast."""
    return max(("#FFFFFF", "#06201C"), key=lambda text: contrast(text, background))


def _is_dark() -> bool:
    preferred = QGuiApplication.styleHints().colorScheme()
    if preferred != Qt.ColorScheme.Unknown:
        return preferred == Qt.ColorScheme.Dark
    return QGuiApplication.palette().window().color().lightnessF() < 0.5


def _high_contrast(chosen: Scheme) -> Scheme:
    return attrs.evolve(
        chosen,
        divider=chosen.text,
        outline=chosen.text,
        secondary_text=chosen.text,
        accent_soft=chosen.surface,
        shadow_alpha=0,
        is_high_contrast=True,
    )
