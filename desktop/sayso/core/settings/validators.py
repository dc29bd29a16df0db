"""Rules for headers, vocabulary and prompt. Error messages are sentences for the user."""

from __future__ import annotations

import re

MAX_HEADERS = 20
MAX_VALUE_CHARS = 500
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "api-key", "x-api-key", "cookie"}
)
RESERVED_HEADERS = frozenset(
    {"host", "connection", "upgrade", "content-type", "content-length", "transfer-encoding"}
    | {"openai-beta"}  # OpenAI rejects every session that sends it
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"[\x20-\x7e]*")

MAX_PROMPT_CHARS = 1024
"""OpenAI's limit. It rejects the whole configuration if one field of it is invalid."""
MAX_KEYWORD_CHARS = 80
MAX_KEYWORDS = 100


def parse_headers(text: str) -> dict[str, str]:
    """Return the headers of a text with one `Name: value` per line.

    The settings file stores these headers in plain text, so headers that authorize a request
    are rejected with a ValueError. Its message never contains a value, because it may be a
    secret. If a name occurs twice, the last line counts.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not _NAME.fullmatch(name):  # not quoted: it may be a key
            raise ValueError(f"Line {number} is not a header. Use the form Name: value.")
        if not value or len(value) > MAX_VALUE_CHARS or not _VALUE.fullmatch(value):
            raise ValueError(
                f"The value of {name} must be 1 to {MAX_VALUE_CHARS} ASCII characters."
            )
        lowered = name.lower()
        if lowered in SECRET_HEADERS or lowered.endswith("-authorization"):
            raise ValueError(f"{name} contains a secret. Enter it as the API key.")
        _check_reserved(name)
        found = {known: v for known, v in found.items() if known.lower() != lowered}
        found[name] = value
    if len(found) > MAX_HEADERS:
        raise ValueError(f"There are {len(found)} headers. The maximum is {MAX_HEADERS}.")
    return found


def check_secret_header(name: str) -> None:
    """Raise ValueError if it is not a header name, or if Sayso itself sends the header."""
    if name and not _NAME.fullmatch(name):
        raise ValueError("A header name has only letters, digits and hyphens.")
    if name.lower() in ("authorization", "api-key"):
        raise ValueError(f"Sayso sends {name} with the API key. Choose it under Authentication.")
    _check_reserved(name)


def _check_reserved(name: str) -> None:
    if name.lower() in RESERVED_HEADERS or name.lower().startswith("sec-websocket-"):
        raise ValueError(f"Sayso sends {name} itself. Leave it out.")


def parse_keywords(text: str) -> tuple[str, ...]:
    """Return the terms of a list separated by commas, without duplicates.

    Raises ValueError if a server would reject one of them.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("Write all names and terms on one line, separated by commas.")
    words = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))
    for word in words:
        if "<" in word or ">" in word:
            raise ValueError(
                f"“{word[:MAX_KEYWORD_CHARS]}” contains < or >. Servers do not accept these."
            )
        if not word.isprintable():
            raise ValueError("One of the terms contains a control character. Enter it again.")
        if len(word) > MAX_KEYWORD_CHARS:
            raise ValueError(
                f"“{word[:20]}…” has {len(word)} characters. The maximum is {MAX_KEYWORD_CHARS}."
            )
    if len(words) > MAX_KEYWORDS:
        raise ValueError(f"There are {len(words)} terms. The maximum is {MAX_KEYWORDS}.")
    return words


def check_prompt(text: str) -> None:
    """Raise ValueError for more than `MAX_PROMPT_CHARS` characters."""
    if len(text) > MAX_PROMPT_CHARS:
        raise ValueError(f"It has {len(text)} characters. The maximum is {MAX_PROMPT_CHARS}.")
