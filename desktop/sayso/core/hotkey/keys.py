"""Our names for keys, and how people read them.

Names are lower case and the same on every system: "ctrl_r", "space", "f9", "a", "mouse8".
`system/` maps key codes onto them.
"""

from __future__ import annotations

SIDED_MODIFIERS = ("ctrl", "alt", "shift", "super")
MODIFIERS = frozenset(
    [*SIDED_MODIFIERS, *(f"{m}_{side}" for m in SIDED_MODIFIERS for side in "lr"), "altgr"]
)
MOUSE_BUTTONS = frozenset(f"mouse{n}" for n in range(2, 21))
"""X11's button numbers: 2 middle, 8 back, 9 forward. 1 and 3 are not offered."""
LEFT_CLICK = "mouse1"
"""Never a hotkey; it is heard because it moves the caret."""
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
    "esc": "Esc",
    "altgr": "AltGr",
    "caps_lock": "Caps Lock",
    "mouse2": "Middle button",
    "mouse8": "Back button",
    "mouse9": "Forward button",
}


def is_valid_key(name: str) -> bool:
    """Whether it names a key: a word of ours, or one printable character."""
    return name in NAMED_KEYS or (len(name) == 1 and name.isprintable() and not name.isspace())


def display_name(name: str) -> str:
    """As a keycap reads: "Right Ctrl"."""
    if name in _DISPLAY_NAMES:
        return _DISPLAY_NAMES[name]
    if name in MODIFIERS and name[-2:] in ("_l", "_r"):
        return f"{'Right' if name.endswith('_r') else 'Left'} {display_name(name[:-2])}"
    if name.startswith("mouse") and name in MOUSE_BUTTONS:
        return f"Button {name[5:]}"
    return name.replace("_", " ").title()


def without_side(name: str) -> str:
    """ "ctrl" for "ctrl_l" and "ctrl_r"; any other name as it is."""
    return name[:-2] if name in MODIFIERS and name.endswith(("_l", "_r")) else name
