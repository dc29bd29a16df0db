"""Colours, type, spacing and motion: the one place that says how Sayso looks.

Sizes are logical pixels, durations ms. Pill and tray always use these colours; windows use
the desktop's palette, and these where the desktop gives none.
"""

from __future__ import annotations

import attrs
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette


@attrs.frozen(kw_only=True)
class Scheme:
    name: str
    window: str
    """Page behind groups."""
    surface: str
    """Groups, fields, pill."""
    button: str
    """Buttons, keycaps."""
    divider: str
    """Hairlines: decorative."""
    outline: str
    """Edges of controls: at least 3 to 1."""
    text: str
    secondary_text: str
    """Help and secondary text."""
    disabled_text: str
    """Placeholder, disabled."""
    accent: str
    """The microphone is open, or all is well."""
    on_accent: str
    accent_soft: str
    warning: str
    """Sayso waits for you."""
    amber_soft: str
    error: str
    """It failed."""
    red_soft: str
    shadow_alpha: int
    is_high_contrast: bool = False
    """High contrast: 2 px edges in ink, no shadow, no tints."""


LIGHT = Scheme(
    name="light",
    window="#F4F5F4",
    surface="#FFFFFF",
    button="#FFFFFF",
    divider="#E3E6E4",
    outline="#7F8985",
    text="#1B2321",
    secondary_text="#55605C",
    disabled_text="#66716D",
    accent="#0B756B",
    on_accent="#FFFFFF",
    accent_soft="#E1F1EE",
    warning="#8A5200",
    amber_soft="#FBF0DC",
    error="#B3261E",
    red_soft="#FBE9E7",
    shadow_alpha=46,
)
DARK = Scheme(
    name="dark",
    window="#191D1C",
    surface="#232827",
    button="#2E3433",
    divider="#343B39",
    outline="#7C8884",
    text="#EDF1EF",
    secondary_text="#B3BDB9",
    disabled_text="#9AA5A1",
    accent="#5FD3C2",
    on_accent="#06201C",
    accent_soft="#1F3B37",
    warning="#F0B95B",
    amber_soft="#3A3020",
    error="#FF9A8F",
    red_soft="#402725",
    shadow_alpha=120,
)

PANEL_LIGHT, PANEL_DARK = "#F2F2F2", "#1F1F1F"
"""Typical panels, to judge tray icons by."""
TRAY_ON_LIGHT = {"ink": "#1B2321", "voice": "#0B756B", "red": "#B3261E"}
TRAY_ON_DARK = {"ink": "#F2F5F4", "voice": "#5FD3C2", "red": "#FF9A8F"}
TRAY_CONTOUR = "#38413F"

CONTROL_RADIUS, GROUP_RADIUS, INDICATOR_RADIUS = 6, 10, 20
BASE_FONT_PX = 13
"""The font size every fixed measure was drawn for."""
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


def mix(one: str, other: str, share: float) -> str:
    """The colour `share` of the way from one to the other."""
    a, b = QColor(one), QColor(other)
    parts = [
        round(x + (y - x) * share)
        for x, y in (
            (a.red(), b.red()),
            (a.green(), b.green()),
            (a.blue(), b.blue()),
        )
    ]
    return QColor(*parts).name()


def font(role: str = "body", base: QFont | None = None) -> QFont:
    """The system's font in one of five roles."""
    factor, weight = _FONT_ROLES[role]
    made = QFont(base or QGuiApplication.font())
    if made.pixelSize() > 0:
        made.setPixelSize(max(1, round(made.pixelSize() * factor)))
    else:
        made.setPointSizeF(made.pointSizeF() * factor)
    made.setWeight(weight)
    return made


def text_scale() -> float:
    """How much larger than drawn for the system's text is; never below 1."""
    return max(1.0, QFontInfo(QGuiApplication.font()).pixelSize() / BASE_FONT_PX)


def scheme() -> Scheme:
    """For what always uses our own colours: the pill."""
    chosen = DARK if _is_dark() else LIGHT
    return _high_contrast(chosen) if high_contrast() else chosen


def window_scheme(palette: QPalette, from_desktop: bool) -> Scheme:
    """Colours inside windows: the desktop's, or ours where it has `given` none."""
    if not from_desktop:
        return scheme()
    ours = DARK if palette.window().color().lightnessF() < 0.5 else LIGHT
    role = QPalette.ColorRole

    def of(which: QPalette.ColorRole) -> str:
        return palette.color(QPalette.ColorGroup.Active, which).name()

    ink, surface, accent = of(role.Text), of(role.Base), of(role.Accent)
    made = attrs.evolve(
        ours,
        window=of(role.Window),
        surface=surface,
        button=of(role.Button),
        text=ink,
        secondary_text=mix(ink, surface, 0.25),
        disabled_text=mix(ink, surface, 0.35),
        divider=mix(ink, surface, 0.88),
        outline=mix(ink, surface, 0.48),
        accent=accent,
        on_accent=text_color_on(accent),
        accent_soft=mix(accent, of(role.Window), 0.85),
    )
    return _high_contrast(made) if high_contrast() else made


def palette(chosen: Scheme) -> QPalette:
    """For a window on a desktop that gives no colours of its own."""
    made, role = QPalette(), QPalette.ColorRole
    for which, value in (
        (role.Window, chosen.window),
        (role.WindowText, chosen.text),
        (role.Base, chosen.surface),
        (role.AlternateBase, chosen.window),
        (role.Text, chosen.text),
        (role.Button, chosen.button),
        (role.ButtonText, chosen.text),
        (role.Highlight, chosen.accent),
        (role.Accent, chosen.accent),
        (role.HighlightedText, chosen.on_accent),
        (role.PlaceholderText, chosen.disabled_text),
        (role.Mid, chosen.divider),
        (role.Midlight, chosen.divider),
        (role.Dark, chosen.outline),
        (role.Light, chosen.surface),
        (role.Link, chosen.accent),
        (role.ToolTipBase, chosen.surface),
        (role.ToolTipText, chosen.text),
    ):
        made.setColor(which, QColor(value))
    for which in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(chosen.disabled_text))
    return made


def high_contrast() -> bool:
    """Whether the desktop asks for more contrast (Qt tells from 6.10 on)."""
    return _accessibility_hint("contrastPreference") == "HighContrast"


def reduced_motion() -> bool:
    """Whether the desktop asks for less motion (Qt tells from 6.12 on)."""
    return _accessibility_hint("motionPreference") == "ReducedMotion"


def _accessibility_hint(name: str) -> str:
    style = QGuiApplication.styleHints()  # held: its hints end with the Python object of it
    hints = getattr(style, "accessibility", lambda: None)()
    preference = getattr(hints, name, lambda: None)()
    return str(getattr(preference, "name", ""))


def luminance(value: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    made = QColor(value)
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (made.redF(), made.greenF(), made.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2 defines it, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def text_color_on(background: str) -> str:
    """White or near black, whichever reads better."""
    return max(("#FFFFFF", "#06201C"), key=lambda ink: contrast(ink, background))


def _is_dark() -> bool:
    told = QGuiApplication.styleHints().colorScheme()
    if told != Qt.ColorScheme.Unknown:
        return told == Qt.ColorScheme.Dark
    return QGuiApplication.palette().window().color().lightnessF() < 0.5


def _high_contrast(chosen: Scheme) -> Scheme:
    return attrs.evolve(
        chosen,
        divider=chosen.text,
        outline=chosen.text,
        secondary_text=chosen.text,
        accent_soft=chosen.surface,
        amber_soft=chosen.surface,
        red_soft=chosen.surface,
        shadow_alpha=0,
        is_high_contrast=True,
    )
