"""Languages of the speech models, with their names in the language itself."""

from __future__ import annotations

from collections.abc import Mapping

DETECT_LANGUAGE = "Detect automatically"

LANGUAGES: Mapping[str, str] = {
    "af": "Afrikaans",
    "ar": "العربية",
    "az": "Azərbaycanca",
    "be": "Беларуская",
    "bg": "Български",
    "bn": "বাংলা",
    "bs": "Bosanski",
    "ca": "Català",
    "cs": "Čeština",
    "cy": "Cymraeg",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "eu": "Euskara",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "gl": "Galego",
    "gu": "ગુજરાતી",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "hy": "Հայերեն",
    "id": "Bahasa Indonesia",
    "is": "Íslenska",
    "it": "Italiano",
    "ja": "日本語",
    "ka": "ქართული",
    "kk": "Қазақша",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "mi": "Māori",
    "mk": "Македонски",
    "ml": "മലയാളം",
    "mr": "मराठी",
    "ms": "Bahasa Melayu",
    "mt": "Malti",
    "ne": "नेपाली",
    "nl": "Nederlands",
    "nn": "Norsk nynorsk",
    "no": "Norsk",
    "pa": "ਪੰਜਾਬੀ",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sq": "Shqip",
    "sr": "Српски",
    "sv": "Svenska",
    "sw": "Kiswahili",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "th": "ไทย",
    "tl": "Tagalog",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
    "yi": "ייִדיש",
    "zh": "中文",
}
"""Names by ISO 639-1 code, as Whisper and OpenAI's models use it."""


def language_name(code: str) -> str:
    """Return the name of a language; a code that is not listed is its own name."""
    return LANGUAGES.get(code, code) if code else DETECT_LANGUAGE


def language_choices(current: str = "") -> list[tuple[str, str]]:
    """Return codes and names for a list: detection first, then by name; `current` is included."""
    listed = sorted(LANGUAGES.items(), key=lambda item: item[1].casefold())
    unlisted = [(current, current)] if current and current not in LANGUAGES else []
    return [("", DETECT_LANGUAGE), *unlisted, *listed]
