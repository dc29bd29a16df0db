"""Which way of inserting suits this text in this target. Pure."""

from __future__ import annotations

from typing import Literal

import attrs

from .settings.settings import InsertionMethod

ChosenMethod = Literal["type", "paste", "copy"]
Chord = Literal["shift+insert"]

MAX_TYPED_CHARS = 150
"""Characters typed at most. Up to here typing is as quick as pasting and leaves the clipboard
alone. Key by key GTK lays a line out anew: 100 characters land in 25 ms, 200 in 75, 300 in 150
and 1,000 in a second, where a paste of any length takes 20 ms. All of them arrive exactly."""

CHROMIUM_PROGRAMS = frozenset(
    [
        *("chromium", "chromium-browser", "google-chrome", "google-chrome-beta"),
        *("google-chrome-unstable", "chrome", "brave-browser", "microsoft-edge", "msedge"),
        *("vivaldi", "vivaldi-stable", "opera", "yandex-browser", "thorium-browser"),
        *("ungoogled-chromium", "electron", "code", "code - oss", "code-oss", "vscodium"),
        *("codium", "cursor", "windsurf", "slack", "discord", "signal", "obsidian", "element"),
        *("teams", "microsoft teams - preview", "teams-for-linux", "spotify", "notion"),
        *("mattermost", "rocket.chat", "whatsapp", "whatsdesk", "ferdium", "franz", "rambox"),
        *("zulip", "wire", "skype", "bitwarden", "1password", "figma-linux", "github desktop"),
        *("postman", "insomnia", "logseq", "joplin", "typora", "todoist", "trello", "atom"),
        *("balenaetcher", "claude", "chatgpt", "steam", "wavebox", "tidal-hifi", "linear"),
    ]
)
"""Programs by WM_CLASS that lose simulated keys of characters the layout lacks."""


@attrs.frozen
class Target:
    """The window that has the focus, as far as the system tells."""

    id: int = 0
    """Its id; 0 if unknown."""
    program: str = ""
    """WM_CLASS class on X11, lower case; bundle id or executable name elsewhere."""


NO_WINDOW = Target(id=-1)
"""No window has the focus: what is typed goes nowhere."""


@attrs.frozen
class Plan:
    """What to do with the text."""

    way: ChosenMethod
    chord: Chord = "shift+insert"
    """The keys that paste; systems where others do press those in their place."""


def choose_method(
    text: str,
    target: Target,
    method: InsertionMethod,
    can_type: int | None,
    *,
    newlines: bool = False,
) -> Plan:
    """Choose the way for this text.

    Shift+Insert with both selections set is the one chord that pastes in GTK, Qt, Chromium and
    in terminals alike (they take PRIMARY, which is ours then too); Ctrl+V writes a control
    character into a terminal.

    Control characters other than newline and tab are copied only, whatever the method: typed
    or pasted they are commands. Newline and tab are typed only where `newlines` allows it,
    since they press keys.

    Args:
        spare: What `Typist.spare_characters` says of the text.
    """
    if method == "copy" or has_control_characters(text):
        return Plan("copy")
    if method == "paste":
        return Plan("paste")
    if not newlines and ("\n" in text or "\t" in text):
        return Plan("paste")
    if method == "type":
        return Plan("type")
    if can_type is None or len(text) > MAX_TYPED_CHARS or is_chromium(target):
        return Plan("paste")
    return Plan("type")


def is_chromium(target: Target) -> bool:
    """Whether the window is Chromium's or of a program built on it."""
    return target.program in CHROMIUM_PROGRAMS or target.program.startswith(("crx_", "chrome-"))


def has_control_characters(text: str) -> bool:
    return any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in text)
