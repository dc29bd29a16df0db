"""Programs and limits for which pasting is better than typing on X11."""

from __future__ import annotations

from ...core.insertion import Target

MAX_TYPED_CHARS = 150
"""Longer texts are pasted. GTK lays out the line again after each key: 100 characters take 25 ms,
300 take 150 ms and 1,000 take a second, while a paste of any length takes 20 ms."""

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
"""WM_CLASS of programs that lose simulated keys of characters which the layout lacks."""


def prefers_paste(text: str, target: Target) -> bool:
    """Return whether the text should be pasted although it could be typed."""
    return len(text) > MAX_TYPED_CHARS or is_chromium(target)


def is_chromium(target: Target) -> bool:
    """Return whether the window belongs to Chromium or to a program based on it."""
    return target.program in CHROMIUM_PROGRAMS or target.program.startswith(("crx_", "chrome-"))
