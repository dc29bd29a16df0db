"""Problems of the hotkey, of typing and of pasting."""

from __future__ import annotations

from .problem import kind

NO_DISPLAY = kind("hotkey.no_display")
XWAYLAND = kind("hotkey.xwayland")
DISPLAY_UNSUPPORTED = kind("hotkey.display_unsupported")
LIBRARY_MISSING = kind("hotkey.library_missing")
PERMISSION_MISSING = kind("hotkey.permission_missing")
IN_USE = kind("hotkey.in_use")
NOT_EXCLUSIVE = kind("hotkey.not_exclusive")
HOTKEY_LOST = kind("hotkey.lost")
FOCUS_CHANGED = kind("insertion.focus_changed")
DISPLAY_LOST = kind("insertion.display_lost")
KEYS_REJECTED = kind("insertion.keys_rejected")
NO_SIMULATED_KEYS = kind("insertion.no_simulated_keys")
NOT_AN_X11_WINDOW = kind("insertion.not_an_x11_window")
CANNOT_TYPE = kind("insertion.cannot_type")
NO_FREE_KEY = kind("insertion.no_free_key")
PASSWORD_FIELD = kind("insertion.password_field")
NOT_PASTED = kind("insertion.not_pasted")
CLOSED = kind("insertion.closed")
