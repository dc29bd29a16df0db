"""Sayso: hold a key, speak, and release it; the text is inserted into the focused window."""

__version__ = "0.1.0"
