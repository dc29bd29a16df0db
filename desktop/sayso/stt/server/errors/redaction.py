"""Make text from a server safe to display. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MAX_QUOTED_CHARS = 200
MAX_SCANNED_CHARS = 1000
"""The key pattern takes quadratic time: 16 s for a word of 32,000 characters."""

_CODE = re.compile(r"[a-z_]{1,64}")
_LAST_WORD = re.compile(r"(?<!\S)\S*\Z")
_LIKE_AN_API_KEY = re.compile(
    r"""(?ix) (?: \b (?:bearer|basic) \s+ \S+               # a header
              | \b (?:sk|ek|pk|rk|gsk|xai|api|key) [-_] \S+ # the formats of known services
              | \S* \*{3,} \S*                              # a masked key in an error message
              | (?-i: (?= [\w+/=-]* [0-9A-Z] ) [\w+/=-]{20,} ) )"""
)


def redact(text: object, api_key: str | None = None) -> str:
    """Return the text as one short line, without control characters and anything like a key."""
    line = text if isinstance(text, str) else ""
    if len(line) > MAX_SCANNED_CHARS:
        # The last word is removed, because a part of a key would not be recognized.
        line = _LAST_WORD.sub("", line[:MAX_SCANNED_CHARS])
    line = " ".join("".join(c if c.isprintable() else " " for c in line).split())
    if api_key:
        line = line.replace(api_key, "•••")
    line = _LIKE_AN_API_KEY.sub("•••", line)
    return line if len(line) <= MAX_QUOTED_CHARS else f"{line[: MAX_QUOTED_CHARS - 1]}…"


def error_code(error: Mapping[str, Any], api_key: str | None = None) -> str:
    """Return `code`, otherwise `type`, of an error. A valid code is not shortened."""
    for name in ("code", "type"):
        value = error.get(name)
        if isinstance(value, str) and value and value != api_key:
            return value if _CODE.fullmatch(value) else redact(value, api_key)
    return ""
