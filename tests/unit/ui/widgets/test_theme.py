from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sayso.core.resources import resource
from sayso.core.settings import languages
from sayso.core.settings import settings as s
from sayso.ui.messages import TrayState
from sayso.ui.widgets import theme
from sayso.ui.widgets.icons import TRAY_SIZES

BACKGROUNDS = {
    "text": ("surface", "window", "button", "accent_soft"),
    "secondary_text": ("surface", "window", "button", "accent_soft"),
    "disabled_text": ("surface", "window"),
    "accent": ("surface", "window", "accent_soft"),
    "on_accent": ("accent",),
    "warning": ("surface",),
    "error": ("surface",),
}
TEXT = [(front, back) for front, backs in BACKGROUNDS.items() for back in backs]
SCHEMES = [theme.LIGHT, theme.DARK]
LIGHT_PANEL, DARK_PANEL = "#F2F2F2", "#1F1F1F"
STATES: tuple[TrayState, ...] = get_args(TrayState)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize(("front", "back"), TEXT, ids=lambda name: name)
def test_text_is_readable(scheme: theme.Scheme, front: str, back: str) -> None:
    assert theme.contrast(getattr(scheme, front), getattr(scheme, back)) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("back", ["surface", "window"])
def test_edges_of_controls_are_visible(scheme: theme.Scheme, back: str) -> None:
    assert theme.contrast(scheme.outline, getattr(scheme, back)) >= 3


def test_contrast_follows_wcag() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@given(st.integers(0, 0xFFFFFF))
def test_text_on_any_accent_color_is_readable(accent: int) -> None:
    value = f"#{accent:06X}"
    assert theme.contrast(theme.text_color_on(value), value) >= 4


def tray_svg(state: str, size: int | str) -> str:
    return resource(f"icons/sayso-{state}-{size}.svg").read_text()


@pytest.mark.parametrize("size", TRAY_SIZES)
@pytest.mark.parametrize("state", STATES)
def test_tray_icons_are_visible_on_dark_and_light_panels(state: TrayState, size: int) -> None:
    svg = tray_svg(state, size)
    for fill in re.findall(r'fill="(#\w+)"', svg):
        assert theme.contrast(fill, DARK_PANEL) >= 3
    for stroke in re.findall(r'stroke="(#\w+)"', svg):
        assert theme.contrast(stroke, LIGHT_PANEL) >= 3
    assert f'viewBox="0 0 {size} {size}"' in svg


def test_tray_states_differ_without_color() -> None:
    shapes = {tuple(re.findall(r' d="([^"]+)"', tray_svg(state, 16))) for state in STATES}
    assert len(shapes) == len(STATES)


@pytest.mark.parametrize("state", STATES)
def test_symbolic_icons_are_recolored_by_the_panel(state: TrayState) -> None:
    svg = tray_svg(state, "symbolic")
    assert 'class="ColorScheme-Text" fill="currentColor"' in svg


def test_every_listed_language_is_accepted_by_the_settings() -> None:
    for code, _ in languages.language_choices():
        assert s.put(s.Settings(), "language", code).language == code


def test_languages_begin_with_detection_and_keep_the_selected_one() -> None:
    assert languages.language_choices()[0][0] == ""
    assert ("pt-BR", "pt-BR") in languages.language_choices("pt-BR")
    assert languages.language_name("de") == "Deutsch"
    assert languages.language_name("xx") == "xx"
    assert languages.language_name("") == languages.language_choices()[0][1]
