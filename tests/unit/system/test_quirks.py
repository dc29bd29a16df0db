from __future__ import annotations

import pytest

from sayso.core.insertion import Target
from sayso.system.x11.quirks import CHROMIUM_PROGRAMS, MAX_TYPED_CHARS, is_chromium, prefers_paste


@pytest.mark.parametrize(
    ("program", "expected"),
    [*((name, True) for name in sorted(CHROMIUM_PROGRAMS)), ("chrome-abc__-default", True),
     ("crx_hnpfjngl", True), ("firefox", False), ("xterm", False), ("gnome-terminal", False),
     ("", False)],
)  # fmt: skip
def test_programs_based_on_chromium_are_recognized(program: str, expected: bool) -> None:
    assert is_chromium(Target(1, program)) is expected


def test_program_names_are_lower_case_like_those_of_targets() -> None:
    assert {name for name in CHROMIUM_PROGRAMS if name != name.lower()} == set()


@pytest.mark.parametrize(
    ("length", "program", "expected"),
    [
        (MAX_TYPED_CHARS, "gedit", False),
        (MAX_TYPED_CHARS + 1, "gedit", True),
        (1, "google-chrome", True),
        (1, "", False),
    ],
)
def test_long_texts_and_chromium_prefer_pasting(length: int, program: str, expected: bool) -> None:
    assert prefers_paste("a" * length, Target(7, program)) is expected
