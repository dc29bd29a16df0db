"""What the user can change, as one immutable value with dotted names.

How it is kept in a file is in `sayso.core.settings.file_format`. Secrets are not settings; see
`sayso.storage.keyring`.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import validators as v

from ..hotkey.chord import Chord
from ..problems import ProblemError, untyped_problem
from .endpoint import MAX_KEEP_OPEN_S, ON_DEVICE, bool_field, one_of, text_field
from .endpoint import OPENAI_URL as OPENAI_URL
from .endpoint import Endpoint as Endpoint
from .endpoint import validate_keywords as a_list
from .endpoint import validate_prompt as a_prompt

EngineType = Literal["on-device", "realtime"]
HotkeyMode = Literal["hold", "toggle", "tap-or-hold"]
InsertionMethod = Literal["auto", "type", "paste", "copy"]
MicrophoneKeepOpen = Literal["held", "30s", "always"]
IndicatorMode = Literal["bottom", "top", "when-needed", "never"]
KeepHistory = Literal["never", "7d", "30d", "1y", "always"]

MAX_BUDGET_USD = 1e6
MAX_RECORDING_DAYS = 365


def _validate_chord(_: object, __: object, value: str) -> None:
    Chord.parse(value)


@attrs.frozen(kw_only=True)
class HotkeySettings:
    chord: str = attrs.field(default="ctrl_r", validator=[v.instance_of(str), _validate_chord])
    mode: HotkeyMode = attrs.field(default="hold", validator=one_of(HotkeyMode))


@attrs.frozen(kw_only=True)
class MicrophoneSettings:
    device: str = text_field()
    """Name as `sayso doctor` lists it; '' follows the system's default."""
    preroll_ms: int = attrs.field(default=300, validator=[v.instance_of(int), v.ge(0), v.le(2000)])
    """Audio kept from before the key, while the microphone is warm."""
    keep_warm: MicrophoneKeepOpen = attrs.field(default="30s", validator=one_of(MicrophoneKeepOpen))
    """How long the microphone stays open after a take."""


@attrs.frozen(kw_only=True)
class InsertionSettings:
    method: InsertionMethod = attrs.field(default="auto", validator=one_of(InsertionMethod))
    newlines: bool = bool_field(False)
    """Whether newline and tab in the text are typed; they press keys in some programs."""


@attrs.frozen(kw_only=True)
class OnDeviceSettings:
    model: str = attrs.field(default="whisper-base", validator=v.matches_re(r"[a-z0-9][a-z0-9.-]*"))
    """A name of the catalogue: `sayso models list`."""
    unload_minutes: int = attrs.field(
        default=10, validator=[v.instance_of(int), v.ge(0), v.le(1440)]
    )
    """After so long without a take the model's memory is given back; 0 keeps it."""
    prompt: str = attrs.field(default="", validator=[v.instance_of(str), a_prompt])
    """What it is about, in the speaker's words."""
    keywords: str = attrs.field(default="", validator=[v.instance_of(str), a_list])
    """Names and terms to expect, with commas between them."""


@attrs.frozen(kw_only=True)
class HistorySettings:
    keep: KeepHistory = attrs.field(default="7d", validator=one_of(KeepHistory))
    """How long the words of a take stay; never: only until they have arrived."""
    sound_days: int = attrs.field(
        default=7, validator=[v.instance_of(int), v.ge(0), v.le(MAX_RECORDING_DAYS)]
    )
    """How long recordings are kept, never longer than their words; 0: not at all."""


def _int_to_float(value: Any) -> Any:
    return float(value) if type(value) is int else value


@attrs.frozen(kw_only=True)
class Settings:
    """`field.name` of a group is its key: `hotkey.chord`; `endpoint.url` is of the one in use."""

    engine: EngineType = attrs.field(default="on-device", validator=one_of(EngineType))
    language: str = attrs.field(
        default="", validator=v.matches_re(r"([a-z]{2,3}(-[A-Za-z]{2,4})?)?")
    )
    """'' detects it."""
    endpoints: tuple[Endpoint, ...] = attrs.field(
        default=(Endpoint(),), validator=v.deep_iterable(v.instance_of(Endpoint), v.min_len(1))
    )
    """The servers Sayso knows, each by a name of its own."""
    profile: str = text_field(Endpoint().name)
    """Name of the endpoint that is in use when `engine` is 'realtime'."""
    on_device: OnDeviceSettings = attrs.field(factory=OnDeviceSettings)
    hotkey: HotkeySettings = attrs.field(factory=HotkeySettings)
    microphone: MicrophoneSettings = attrs.field(factory=MicrophoneSettings)
    insertion: InsertionSettings = attrs.field(factory=InsertionSettings)
    history: HistorySettings = attrs.field(factory=HistorySettings)
    fallback: tuple[str, ...] = attrs.field(
        default=(), validator=v.deep_iterable(v.instance_of(str), v.instance_of(tuple))
    )
    """Who recognises a take if the chosen one fails, in this order: names of endpoints,
    'on-device'."""
    monthly_budget_usd: float = attrs.field(
        default=0.0,
        converter=_int_to_float,
        validator=[v.instance_of(float), v.ge(0.0), v.le(MAX_BUDGET_USD)],
    )
    """What may be spent in a month before Sayso asks; 0: no limit."""
    pill: IndicatorMode = attrs.field(default="bottom", validator=one_of(IndicatorMode))
    sounds: bool = bool_field(True)

    def __attrs_post_init__(self) -> None:
        names = [endpoint.name for endpoint in self.endpoints]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError("Another endpoint has this name. Take another.")
        if self.profile not in names:
            raise ValueError(f"It is one of: {', '.join(names)}.")
        if len(set(self.fallback)) < len(self.fallback) or set(self.fallback) - {
            *names,
            ON_DEVICE,
        }:
            raise ValueError(f"It is of these, each once: {', '.join([*names, ON_DEVICE])}.")

    @property
    def endpoint(self) -> Endpoint:
        """The one in use."""
        return next(one for one in self.endpoints if one.name == self.profile)

    @property
    def selected_engine(self) -> str:
        """Who recognises: the name of the endpoint in use, or 'on-device'."""
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
KEYS: tuple[str, ...] = tuple(
    sorted(
        name
        for field in attrs.fields(Settings)
        for group in [field.name.replace("endpoints", "endpoint")]
        for name in (
            [f"{group}.{sub.name}" for sub in attrs.fields(GROUPS[group])]
            if group in GROUPS
            else [group]
        )
    )
)
SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def get(settings: Settings, key: str) -> Any:
    """The value of a dotted key.

    Raises:
        ProblemError: There is no such key; the sentence names the nearest.
    """
    _check_key(key)
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def put(settings: Settings, key: str, value: Any) -> Settings:
    """The settings with one value replaced.

    Raises:
        ProblemError: Unknown key, or a value it does not take; the sentence names what it does.
    """
    _check_key(key)
    group, _, name = key.rpartition(".")
    try:
        if not group:
            return attrs.evolve(settings, **{name: value})
        changed = attrs.evolve(getattr(settings, group), **{name: value})
        if isinstance(changed, Endpoint):
            return replace_endpoint(settings, settings.profile, changed)
        return attrs.evolve(settings, **{group: changed})
    except (TypeError, ValueError) as error:
        raise ProblemError(
            untyped_problem(
                f"{key} cannot be {_format_value(key, value)}.", _describe_allowed(key, error)
            )
        ) from error


def replace_endpoint(settings: Settings, name: str, endpoint: Endpoint) -> Settings:
    """Another endpoint in the place of the one named; a new name goes wherever the old stood.

    Raises:
        ValueError: Another endpoint has the new name.
    """
    return attrs.evolve(
        settings,
        endpoints=tuple(endpoint if one.name == name else one for one in settings.endpoints),
        profile=endpoint.name if settings.profile == name else settings.profile,
        fallback=tuple(endpoint.name if one == name else one for one in settings.fallback),
    )


def parse(key: str, text: str) -> Any:
    """What a person typed for a key, as a value of its kind.

    Raises:
        ProblemError: Unknown key, or text that is not of the key's kind.
    """
    _check_key(key)
    kind = _type_of(key)
    if kind is bool:
        switches = {
            "true": True,
            "yes": True,
            "on": True,
            "false": False,
            "no": False,
            "off": False,
        }
        if text.lower() not in switches:
            raise ProblemError(
                untyped_problem(f"{key} cannot be {text!r}.", "It is true or false.")
            )
        return switches[text.lower()]
    if kind is int:
        try:
            return int(text)
        except ValueError as error:
            raise ProblemError(
                untyped_problem(f"{key} cannot be {text!r}.", "It is a whole number.")
            ) from error
    if kind is float:
        try:
            return float(text)
        except ValueError as error:
            raise ProblemError(
                untyped_problem(f"{key} cannot be {text!r}.", "It is a number.")
            ) from error
    if get_origin(kind) is tuple:
        return tuple(part for name in text.split(",") if (part := name.strip()))
    return text


def _check_key(key: str) -> None:
    if key in KEYS:
        return
    close = difflib.get_close_matches(key, KEYS, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ProblemError(
        untyped_problem(
            f"There is no setting called {key!r}.{hint}", f"The settings are: {', '.join(KEYS)}."
        )
    )


def _type_of(key: str) -> Any:
    owner: Any = Settings
    group, _, name = key.rpartition(".")
    if group:
        owner = GROUPS[group]
    return get_type_hints(owner)[name]


ALLOWED: Mapping[str, str] = {
    "language": "It is a code such as en or pt-BR, or empty to detect the language.",
    "on_device.model": "It is the name of a model: sayso models list.",
    "microphone.preroll_ms": "It is a whole number of milliseconds from 0 to 2000.",
    "on_device.unload_minutes": "It is a whole number of minutes up to 1440, or 0 for never.",
    "history.sound_days": f"It is a whole number of days up to {MAX_RECORDING_DAYS}, or 0 for none.",  # noqa: E501
    "endpoint.keep_open_s": f"It is a whole number of seconds up to {MAX_KEEP_OPEN_S}, or 0.",
    "monthly_budget_usd": f"It is US dollars up to {MAX_BUDGET_USD:,.0f}, or 0 for no limit.",
}
OWN_WORDS = ("hotkey.chord", "profile", "fallback", "endpoint.name")
"""What these do not take is said by who checks them."""


def _format_value(key: str, value: Any) -> str:
    if key == "endpoint.headers":
        return "that"  # somebody's key may be in it
    return repr(", ".join(map(str, value)) if isinstance(value, tuple) else value)


def _describe_allowed(key: str, error: Exception) -> str:
    kind = _type_of(key)
    if get_origin(kind) is Literal:
        return f"It is one of: {', '.join(name or 'empty' for name in get_args(kind))}."
    if get_origin(kind) in (Union, types.UnionType):
        kind = get_args(kind)[0]
    if key in ALLOWED:
        return ALLOWED[key]
    if key in OWN_WORDS or key.endswith((".prompt", ".keywords", ".headers")):
        return str(error) if isinstance(error, ValueError) else "It is text."
    return f"It is {'true or false' if kind is bool else 'text'}."
