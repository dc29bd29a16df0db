"""What may be told a recogniser beforehand: a prompt and words to expect. Pure.

OpenAI refuses keywords with angle brackets or line ends and prompts over 1,024 characters, and
with one wrong field everything else that was set; so it is checked before it is sent. The
lengths of keywords are ours.
"""

from __future__ import annotations

MAX_PROMPT_CHARS = 1024
MAX_KEYWORD_CHARS = 80
MAX_KEYWORDS = 100


def parse_keywords(text: str) -> tuple[str, ...]:
    """The words of a list separated by commas, each once.

    Raises:
        ValueError: With a sentence that says which word, and what is wrong with it.
    """
    if "\n" in text or "\r" in text:
        raise ValueError("The words stand on one line, with commas between them.")
    words = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))
    for word in words:
        if "<" in word or ">" in word:
            raise ValueError(f"“{word[:MAX_KEYWORD_CHARS]}” has < or > in it. Leave them out.")
        if not word.isprintable():
            raise ValueError("One of the words has a control character in it. Enter it again.")
        if len(word) > MAX_KEYWORD_CHARS:
            raise ValueError(
                f"“{word[:20]}…” has {len(word)} characters. A word or name has"
                f" {MAX_KEYWORD_CHARS} at most."
            )
    if len(words) > MAX_KEYWORDS:
        raise ValueError(f"There are {len(words)} words. {MAX_KEYWORDS} are the most.")
    return words


def check_prompt(text: str) -> str:
    """The prompt as it is.

    Raises:
        ValueError: It is too long; the sentence says by how much.
    """
    if len(text) > MAX_PROMPT_CHARS:
        raise ValueError(f"It has {len(text)} characters. {MAX_PROMPT_CHARS} are the most.")
    return text
