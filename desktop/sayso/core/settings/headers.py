"""Headers a person adds to what a server is sent. Pure.

They are written into the settings file and so bear no secret: what authorises goes into the
keyring (`sayso.storage.keyring`), and what the protocol itself sends cannot be replaced.
"""

from __future__ import annotations

import re

MAX_HEADERS = 20
MAX_VALUE_CHARS = 500
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "api-key", "x-api-key", "cookie"}
)
RESERVED_HEADERS = frozenset(
    {"host", "connection", "upgrade", "content-type", "content-length", "transfer-encoding"}
    | {"openai-beta"}  # PROTOCOL 0.3: a fatal error by now
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x20-\x7e]*")


def parse_headers(text: str) -> dict[str, str]:
    """The headers of lines `Name: value`; of a name said twice the last.

    Raises:
        ValueError: With a sentence that says which line, and what is wrong with it; no values
            are in it, because they may be secret.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _NAME.fullmatch(name):  # not quoted: it may be a key
            raise ValueError(f"Line {number} is no header. Write it as: Name: value.")
        if not value or len(value) > MAX_VALUE_CHARS or not _VALUE.fullmatch(value):
            raise ValueError(
                f"The value of {name} is plain letters and digits, {MAX_VALUE_CHARS} at most."
            )
        plain = name.lower()
        if plain in SECRET_HEADERS or plain.endswith("-authorization"):
            raise ValueError(f"{name} is a secret. Enter it as the key.")
        if plain in RESERVED_HEADERS or plain.startswith("sec-websocket-"):
            raise ValueError(f"{name} is Sayso’s own. Leave it out.")
        found = {known: said for known, said in found.items() if known.lower() != plain}
        found[name] = value
    if len(found) > MAX_HEADERS:
        raise ValueError(f"There are {len(found)} headers. {MAX_HEADERS} are the most.")
    return found
