"""Which way of inserting suits this text in this target. Pure."""

from __future__ import annotations

import attrs


@attrs.frozen
class Target:
    """The window that has the focus, as far as the system tells."""

    window: int = 0
    """Its id; 0 if unknown."""
    program: str = ""
    """WM_CLASS class on X11, lower case; bundle id or executable name elsewhere."""
