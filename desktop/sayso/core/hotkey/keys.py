"""Names of keyboard keys and mouse buttons.

Names are lower case and the same on every system: "ctrl_r", "space", "f9", "a", "mouse8". The
backends in `system/` map key codes to them.
"""

from __future__ import annotations

SIDED_MODIFIERS = ("ctrl", "alt", "shift", "super")
MODIFIERS = frozenset(
    [*SIDED_MODIFIERS, *(f"{m}_{side}" for m in SIDED_MODIFIERS for side in "lr"), "altgr"]
)
MOUSE_BUTTONS = frozenset(f"mouse{n}" for n in range(2, 21))
"""Numbered as in X11: 2 middle, 8 back, 9 forward. Left (1) and right (3) cannot be hotkeys."""
LEFT_CLICK = "mouse1"
"""Reported because it moves the text cursor; never a hotkey."""
NAMED_KEYS = (
    MODIFIERS
    | MOUSE_BUTTONS
    | {f"f{n}" for n in range(1, 36)}
    | {
        *("space", "tab", "enter", "esc", "backspace", "caps_lock", "pause", "insert", "delete"),
        *("home", "end", "page_up", "page_down", "up", "down", "left", "right", "menu"),
        *("print_screen", "scroll_lock", "num_lock"),
    }
)
_DISPLAY_NAMES = {
    "altgr": "AltGr",
    "mouse2": "Middle button",
    "mouse8": "Back button",
    "mouse9": "Forward button",
}


def is_valid_key(name: str) -> bool:
    """Return whether this is a named key or one printable character."""
    return name in NAMED_KEYS or (len(name) == 1 and name.isprintable() and not name.isspace())


def display_name(name: str) -> str:
    """Return the name for the user, such as "Right Ctrl"."""
    if name in _DISPLAY_NAMES:
        return _DISPLAY_NAMES[name]
    if (base := without_side(name)) != name:
        return f"{'Right' if name.endswith('_r') else 'Left'} {display_name(base)}"
    if name in MOUSE_BUTTONS:
        return f"Button {name[5:]}"
    return name.replace("_", " ").title()


def without_side(name: str) -> str:
    """Return "ctrl" for "ctrl_l" and "ctrl_r"; other names unchanged."""
    return name[:-2] if name in MODIFIERS and name.endswith(("_l", "_r")) else name
