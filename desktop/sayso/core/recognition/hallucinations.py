"""Known hallucinations: phrases that speech models write when there is no speech.

The phrases are in `resources/hallucinations.toml`. A user may say each of them, so a match proves
nothing without the audio; see `plausibility`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from ..resources import load_toml

MAX_CHARS = 2_000

_ANNOTATION = re.compile(r"[\[(*<【（♪♫][^\])*>】）♪♫]*[\])*>】）♪♫]|[♪♫]+")
"""Descriptions of audio: [BLANK_AUDIO], (Music), *sighs*, ♪ la la ♪."""


@cache
def phrases() -> Mapping[str, list[str]]:
    return load_toml("hallucinations.toml")


def normalize(text: str) -> str:
    """Return the letters only, in one case and without accents, with single spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("ı", "i")  # Turkish capitals
    kept = "".join(
        char if char.isalpha() else "" if unicodedata.combining(char) or char in "'’" else " "
        for char in letters
    )
    return " ".join(kept.split())


def is_hallucination(text: str, prompt_terms: tuple[str, ...] = ()) -> bool:
    """Return whether a text consists of known phrases, annotations and prompt terms only."""
    if len(text) > MAX_CHARS:
        return False
    spoken = _ANNOTATION.sub(" ", text)
    normalized = normalize(spoken)
    if not normalized:
        return bool(text.strip()) and not any(char.isalnum() for char in spoken)
    terms = {term for each in prompt_terms if (term := normalize(each))}
    return _consists_of(normalized, _normalized_phrases() | terms)


def _consists_of(text: str, phrases: frozenset[str]) -> bool:
    """Return whether the text is a sequence of phrases, by checking each prefix."""
    is_sequence = [True, *[False] * len(text)]
    sizes = sorted({len(phrase) for phrase in phrases if len(phrase) <= len(text)})
    for start in range(len(text)):
        if not is_sequence[start]:
            continue
        for size in sizes:
            stop = start + size
            if stop > len(text) or text[start:stop] not in phrases:
                continue
            if stop == len(text):
                return True
            if text[stop] == " ":
                is_sequence[stop + 1] = True
    return False


@cache
def _normalized_phrases() -> frozenset[str]:
    return frozenset(normalize(phrase) for group in phrases().values() for phrase in group)
