"""The settings: one immutable value whose parts have dotted keys such as `hotkey.chord`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Literal, get_origin, get_type_hints

import attrs
from attrs import validators as v

from ..hotkey.chord import Chord
from ..problems import ProblemError
from ..problems import settings as problems
from .endpoint import ON_DEVICE, keywords_field, prompt_field
from .endpoint import OPENAI_URL as OPENAI_URL
from .endpoint import Endpoint as Endpoint
from .fields import Description, InvalidValueError, choice, collect, field, integer, switch, text

EngineType = Literal["on-device", "realtime"]
HotkeyMode = Literal["tap-or-hold", "hold", "toggle"]
InsertionMethod = Literal["auto", "type", "paste", "copy"]
MicrophoneKeepOpen = Literal["held", "30s", "always"]
IndicatorMode = Literal["bottom", "top", "when-needed", "never"]
KeepHistory = Literal["never", "7d", "30d", "1y", "always"]

MAX_BUDGET_USD = 1e6
MAX_RECORDING_DAYS = 365


@attrs.frozen(kw_only=True)
class HotkeySettings:
    chord: str = text("ctrl_r", "&Hotkey", "Hold it, speak, let go.", "key names", Chord.parse)
    mode: HotkeyMode = choice(
        HotkeyMode,
        "hold",
        "&Mode",
        "Hold: let go to finish. Tap: tap again to finish.",
        "Hold, or tap for hands-free | Hold only | Tap only",
    )


@attrs.frozen(kw_only=True)
class MicrophoneSettings:
    device: str = text("", "M&icrophone", "", "a name that sayso doctor lists, or empty text")
    """Empty text selects the default device of the system."""
    preroll_ms: int = integer(
        300,
        2000,
        "Pre-roll",
        "Audio from before the key press that is used, if the microphone is open already.",
        "milliseconds",
    )
    keep_warm: MicrophoneKeepOpen = choice(
        MicrophoneKeepOpen,
        "30s",
        "Keep the microphone open",
        "The next dictation starts sooner.",
        "Only while recording | 30 seconds after a dictation | Always",
    )


@attrs.frozen(kw_only=True)
class InsertionSettings:
    method: InsertionMethod = choice(
        InsertionMethod,
        "auto",
        "&Insert text by",
        "After pasting, your clipboard is restored.",
        "Automatic | Typing | Pasting | Copying only",
    )
    newlines: bool = switch(
        False,
        "Press &Enter for new lines",
        "In some programs Enter sends a message. Otherwise a new line becomes a space.",
    )
    """Also applies to tabs."""


@attrs.frozen(kw_only=True)
class OnDeviceSettings:
    model: str = field(
        "whisper-base",
        v.matches_re(r"[a-z0-9][a-z0-9.-]*"),
        title="Model",
        help="Larger models are more accurate but slower.",
        allowed="the name of a model; sayso models list shows them",
    )
    unload_minutes: int = integer(
        10,
        1440,
        "&Free memory after",
        "The first dictation after that starts more slowly.",
        "minutes",
        "never",
        {5: "5 minutes", 10: "10 minutes", 30: "30 minutes", 0: "Never"},
    )
    prompt: str = prompt_field()
    keywords: str = keywords_field()


@attrs.frozen(kw_only=True)
class HistorySettings:
    keep: KeepHistory = choice(
        KeepHistory,
        "7d",
        "&Keep history",
        "Only on this computer.",
        "Nothing | 7 days | 30 days | 1 year | Until I delete it",
    )
    """With "never", a take is kept only until its text is inserted."""
    sound_days: int = integer(
        7,
        MAX_RECORDING_DAYS,
        "Keep the &audio",
        "About 2 MB a minute. Deleted with its text at the latest.",
        "days",
        "none",
        {0: "Not at all", 1: "1 day", 7: "7 days", 30: "30 days", 365: "1 year"},
    )


@attrs.frozen(kw_only=True)
class Settings:
    """All settings. The keys `endpoint.*` are those of the selected endpoint.

    Raises InvalidValueError if two endpoints have the same name, or a name is of none.
    """

    engine: EngineType = choice(
        EngineType,
        "on-device",
        "Recognition",
        "Converts speech to text on this computer or on the selected server.",
        "On this computer | On a server",
    )
    language: str = field(
        "",
        v.matches_re(r"([a-z]{2,3}(-[A-Za-z]{2,4})?)?"),
        title="&Language",
        help="Choosing one is faster and more accurate.",
        allowed="a code such as en or pt-BR, or empty text to detect the language",
    )
    endpoints: tuple[Endpoint, ...] = attrs.field(
        default=(Endpoint(),), validator=v.deep_iterable(v.instance_of(Endpoint), v.min_len(1))
    )
    profile: str = text(
        Endpoint().name, "Server", "The server that is used.", "the name of a server"
    )
    """Name of the selected endpoint, which is used if `engine` is "realtime"."""
    on_device: OnDeviceSettings = OnDeviceSettings()
    hotkey: HotkeySettings = HotkeySettings()
    microphone: MicrophoneSettings = MicrophoneSettings()
    insertion: InsertionSettings = InsertionSettings()
    history: HistorySettings = HistorySettings()
    fallback: tuple[str, ...] = field(
        (),
        v.deep_iterable(v.instance_of(str), v.instance_of(tuple)),
        title="Fallback engines",
        help="Used in this order if recognition fails.",
        allowed="names of servers and on-device, separated by commas",
    )
    monthly_budget_usd: float = field(
        0.0,
        [v.instance_of(float), v.ge(0.0), v.le(MAX_BUDGET_USD)],
        lambda value: float(value) if type(value) is int else value,
        title="&Monthly budget, in US dollars",
        help="Warns at 80 % and asks before spending more. Recording is never interrupted.",
        allowed=f"an amount of US dollars up to {MAX_BUDGET_USD:,.0f}, or 0 for no limit",
    )
    pill: IndicatorMode = choice(
        IndicatorMode,
        "bottom",
        "&Show the recording indicator",
        "Your voice and your text while you speak.",
        "Bottom of the screen | Top of the screen | Only when you are needed | Never",
    )
    sounds: bool = switch(True, "Play s&ounds", "A soft tone when a recording starts and stops.")

    def __attrs_post_init__(self) -> None:
        names = [endpoint.name for endpoint in self.endpoints]
        if len({name.casefold() for name in names}) < len(names):
            raise InvalidValueError("Another server has this name. Choose another one.")
        if self.profile not in names:
            raise InvalidValueError(f"Use one of: {', '.join(names)}.")
        engines = [*names, ON_DEVICE]
        if len(set(self.fallback)) < len(self.fallback) or set(self.fallback) - set(engines):
            raise InvalidValueError(f"Use each of these at most once: {', '.join(engines)}.")

    @property
    def endpoint(self) -> Endpoint:
        """The selected endpoint."""
        return next(one for one in self.endpoints if one.name == self.profile)

    @property
    def selected_engine(self) -> str:
        """Name of the selected endpoint, or 'on-device'."""
        return ON_DEVICE if self.engine == ON_DEVICE else self.profile

    def endpoint_named(self, name: str) -> Endpoint | None:
        return next((one for one in self.endpoints if one.name == name), None)


GROUPS: Mapping[str, type] = {
    "endpoint": Endpoint,
    "on_device": OnDeviceSettings,
    "hotkey": HotkeySettings,
    "microphone": MicrophoneSettings,
    "insertion": InsertionSettings,
    "history": HistorySettings,
}


_described = collect(Settings, "")
for _name, _group in GROUPS.items():
    _described |= collect(_group, f"{_name}.")
DESCRIPTIONS: Mapping[str, Description] = dict(sorted(_described.items()))
KEYS: tuple[str, ...] = tuple(DESCRIPTIONS)
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def get(settings: Settings, key: str) -> Any:
    """Return the value of a dotted key. Raises ProblemError if there is no such key."""
    describe(key)
    return attrgetter(key)(settings)


def put(settings: Settings, key: str, value: Any) -> Settings:
    """Return settings with one value changed. Raises ProblemError if key or value are invalid."""
    describe(key)
    group, _, name = key.rpartition(".")
    try:
        if not group:
            return attrs.evolve(settings, **{name: value})
        changed = attrs.evolve(getattr(settings, group), **{name: value})
        if isinstance(changed, Endpoint):
            return replace_endpoint(settings, settings.profile, changed)
        return attrs.evolve(settings, **{group: changed})
    except (TypeError, ValueError) as error:
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        raise _invalid_value(key, shown, error) from error


def replace_endpoint(settings: Settings, name: str, endpoint: Endpoint) -> Settings:
    """Return the settings with another endpoint in place of the one with this name.

    A new name also replaces the old one in `profile` and `fallback`. Raises ValueError if another
    endpoint has it.
    """
    return attrs.evolve(
        settings,
        endpoints=tuple(endpoint if one.name == name else one for one in settings.endpoints),
        profile=endpoint.name if settings.profile == name else settings.profile,
        fallback=tuple(endpoint.name if one == name else one for one in settings.fallback),
    )


def parse(key: str, typed: str) -> Any:
    """Convert text to the type of a key. Raises ProblemError if key or text are invalid."""
    describe(key)
    group, _, name = key.rpartition(".")
    type_ = get_type_hints(GROUPS[group] if group else Settings)[name]
    try:
        if type_ is bool:
            return _SWITCHES[typed.lower()]
        if type_ in (int, float):
            return type_(typed)
    except (KeyError, ValueError) as error:
        raise _invalid_value(key, typed, error) from error
    if get_origin(type_) is tuple:
        return tuple(part for name in typed.split(",") if (part := name.strip()))
    return typed


def _invalid_value(key: str, value: object, error: Exception) -> ProblemError:
    description = describe(key)
    reason = str(error) if isinstance(error, InvalidValueError) else f"Use {description.allowed}."
    shown = "that" if description.is_confidential else repr(value)
    return ProblemError(problems.INVALID_VALUE(key=key, value=shown, reason=reason))


def describe(key: str) -> Description:
    """Return the description of a key. Raises ProblemError, with a suggestion, if it is unknown."""
    if key in DESCRIPTIONS:
        return DESCRIPTIONS[key]
    close = difflib.get_close_matches(key, KEYS, n=1)
    suggestion = f" Did you mean {close[0]}?" if close else ""
    raise ProblemError(problems.UNKNOWN_KEY(key=key, suggestion=suggestion, keys=", ".join(KEYS)))
