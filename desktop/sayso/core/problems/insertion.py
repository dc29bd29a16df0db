"""Problems of the hotkey, of typing and of pasting."""

from __future__ import annotations

from .problem import ProblemKind

_USE_COMMANDS = "Use sayso start and sayso stop instead."

# The hotkey

NO_DISPLAY = ProblemKind(
    "hotkey.no_display",
    "No X display is available, so Sayso cannot detect the hotkey or type.",
    "Use sayso start and sayso stop; the text is then copied.",
)
XWAYLAND = ProblemKind(
    "hotkey.xwayland",
    "In a Wayland session, Sayso detects the hotkey only in X11 windows.",
    "Assign keys to sayso start and sayso stop in your desktop's settings.",
)
DISPLAY_UNSUPPORTED = ProblemKind(
    "hotkey.display_unsupported",
    "This X display does not let Sayso detect the hotkey.",
    _USE_COMMANDS,
)
LIBRARY_MISSING = ProblemKind(
    "hotkey.library_missing", "Sayso cannot detect the hotkey on this computer.", _USE_COMMANDS
)
PERMISSION_MISSING = ProblemKind(
    "hotkey.permission_missing",
    "macOS does not let Sayso detect the hotkey or type yet.",
    "Allow it in System Settings, Privacy & Security, under Accessibility and Input Monitoring.",
)
IN_USE = ProblemKind(
    "hotkey.in_use", "Another program uses {hotkey}.", "Choose a different hotkey."
)
NOT_EXCLUSIVE = ProblemKind(
    "hotkey.not_exclusive",
    "The focused window also receives {hotkey}.",
    "Choose {default} if that is a problem.",
)
HOTKEY_LOST = ProblemKind(
    "hotkey.lost",
    "Sayso cannot detect the hotkey any more, because the X display does not answer.",
    "Sayso is trying to reconnect.",
)

# Insertion

FOCUS_CHANGED = ProblemKind(
    "insertion.focus_changed", "Another window has the focus.", "Copy your text."
)
DISPLAY_LOST = ProblemKind(
    "insertion.display_lost",
    "The X display does not answer, so nothing could be typed.",
    "Your text is in the history.",
)
KEYS_REJECTED = ProblemKind(
    "insertion.keys_rejected",
    "The X display does not accept simulated keys.",
    "You can copy your text instead.",
)
NO_SIMULATED_KEYS = ProblemKind(
    "insertion.no_simulated_keys",
    "This X display does not support simulated keys.",
    "Text is copied instead.",
)
NOT_AN_X11_WINDOW = ProblemKind(
    "insertion.not_an_x11_window",
    "Sayso can insert text only into X11 windows in this session.",
    "Your text is copied: press Ctrl+V.",
)
CANNOT_TYPE = ProblemKind(
    "insertion.cannot_type", "This text cannot be typed here.", "Copy it and paste it."
)
NO_FREE_KEY = ProblemKind(
    "insertion.no_free_key",
    "This keyboard has no free key for the characters of the text.",
    "Copy it and paste it.",
)
PASSWORD_FIELD = ProblemKind(
    "insertion.password_field",
    "Sayso does not insert text into password fields.",
    "Copy your text.",
)
NOT_PASTED = ProblemKind(
    "insertion.not_pasted",
    "The window did not take the text.",
    "Your text is copied: press Ctrl+V.",
)
CLOSED = ProblemKind("insertion.closed", "Sayso was closed.", "")
