from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.settings import languages
from sayso.core.settings import settings as s
from sayso.ui.widgets import icon_files, theme, tray_icon

TEXT_BACKGROUNDS = {
    "text": ("surface", "window", "button", "accent_soft"),
    "secondary_text": ("surface", "window", "button", "accent_soft"),
    "disabled_text": ("surface", "window"),
    "accent": ("surface", "window", "accent_soft"),
    "on_accent": ("accent",),
    "warning": ("surface",),
    "error": ("surface",),
}
TEXT = [(front, back) for front, backs in TEXT_BACKGROUNDS.items() for back in backs]
SCHEMES = [theme.LIGHT, theme.DARK]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize(("front", "back"), TEXT, ids=lambda name: name)
def test_text_reads(scheme: theme.Scheme, front: str, back: str) -> None:
    assert theme.contrast(getattr(scheme, front), getattr(scheme, back)) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("back", ["surface", "window"])
def test_control_edges_are_seen(scheme: theme.Scheme, back: str) -> None:
    assert theme.contrast(scheme.outline, getattr(scheme, back)) >= 3


@pytest.mark.parametrize(
    ("colours", "panel"),
    [(theme.TRAY_ON_LIGHT, theme.PANEL_LIGHT), (theme.TRAY_ON_DARK, theme.PANEL_DARK)],
    ids=["light panel", "dark panel"],
)
@pytest.mark.parametrize("role", ["ink", "voice", "red"])
def test_tray_icons_are_seen(colours: dict[str, str], panel: str, role: str) -> None:
    assert theme.contrast(colours[role], panel) >= 3


def test_the_contour_is_seen_where_light_ink_is_not() -> None:
    assert theme.contrast(theme.TRAY_ON_DARK["ink"], theme.PANEL_LIGHT) < 3
    assert theme.contrast(theme.TRAY_CONTOUR, theme.PANEL_LIGHT) >= 3


def test_contrast_is_wcags() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@given(st.integers(0, 0xFFFFFF))
def test_words_on_any_accent_read(accent: int) -> None:
    value = f"#{accent:06X}"
    assert theme.contrast(theme.text_color_on(value), value) >= 4


@pytest.mark.parametrize("size", [16, 22, 24, 32, 64])
@pytest.mark.parametrize("shape", tray_icon.SHAPES)
def test_glyphs_stay_on_their_canvas(shape: tray_icon.Shape, size: int) -> None:
    for _, path in tray_icon.layers(shape, size):
        box = path.boundingRect()
        assert box.left() >= -0.01
        assert box.top() >= -0.01
        assert box.right() <= size + 0.01
        assert box.bottom() <= size + 0.01


def test_states_differ_without_colour() -> None:
    one_colour = dict.fromkeys(("ink", "voice", "red"), "#000000")
    pictures = [tray_icon.image(shape, 16, one_colour) for shape in tray_icon.SHAPES]
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[:i])


def test_symbolic_icons_take_the_panels_colour() -> None:
    text = icon_files.svg("listening", 16)
    assert 'fill="currentColor"' in text
    assert 'class="ColorScheme-Text"' in text


def test_every_language_is_one_the_settings_take() -> None:
    for code, _ in languages.language_choices():
        assert s.put(s.Settings(), "language", code).language == code


def test_languages_begin_with_detection_and_keep_the_chosen_one() -> None:
    assert languages.language_choices()[0] == ("", "Detect it")
    assert ("pt-BR", "pt-BR") in languages.language_choices("pt-BR")
    assert languages.language_name("de") == "Deutsch"
    assert languages.language_name("xx") == "xx"
    assert languages.language_name("") == "Detect it"
