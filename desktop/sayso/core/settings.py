"""What the user can change, as one immutable value with dotted names.

The file is read leniently: a wrong entry costs that entry, not the file, and is reported.
Secrets are not settings; see `sayso.edges.secrets`.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import validators as v

from .chord import Chord
from .hints import checked_prompt, keywords_of
from .problems import Problem, ProblemError

VERSION = 1

EngineName = Literal["on-device", "realtime"]
Mode = Literal["hold", "toggle", "tap-or-hold"]
Method = Literal["auto", "type", "paste", "copy"]
KeepWarm = Literal["held", "30s", "always"]
Pill = Literal["bottom", "top", "when-needed", "never"]
DialectName = Literal["auto", "openai", "vllm", "speaches", "lemonade", "together"]
Delay = Literal["", "minimal", "low", "medium", "high", "xhigh"]
Noise = Literal["", "near_field", "far_field"]
KeepHistory = Literal["never", "7d", "30d", "1y", "always"]

OPENAI_URL = "wss://api.openai.com/v1/realtime"


def _a_chord(_: object, __: object, value: str) -> None:
    Chord.parse(value)


def _keywords(_: object, __: object, value: str) -> None:
    keywords_of(value)


def _prompt(_: object, __: object, value: str) -> None:
    checked_prompt(value)


def _among(kind: Any) -> Any:
    return v.in_(get_args(kind))


def _text(default: str = "") -> Any:
    return attrs.field(default=default, validator=v.instance_of(str))


def _switch(default: bool) -> Any:
    return attrs.field(default=default, validator=v.instance_of(bool))


@attrs.frozen(kw_only=True)
class Endpoint:
    url: str = _text(OPENAI_URL)
    model: str = _text("gpt-live-transcribe")
    allow_insecure: str = _text()
    """The one host that may be spoken to without TLS; loopback always may."""
    dialect: DialectName = attrs.field(default="auto", validator=_among(DialectName))
    """How the server speaks; 'auto' finds out as far as that is certain."""
    prompt: str = attrs.field(default="", validator=[v.instance_of(str), _prompt])
    """What it is about, in the speaker's words."""
    keywords: str = attrs.field(default="", validator=[v.instance_of(str), _keywords])
    """Names and terms to expect, with commas between them."""
    delay: Delay = attrs.field(default="", validator=_among(Delay))
    """How long the model waits before it decides on a word; '' leaves it to the model."""
    noise: Noise = attrs.field(default="", validator=_among(Noise))
    """Where the microphone is, for the server's noise reduction; '' does without."""


@attrs.frozen(kw_only=True)
class Hotkey:
    chord: str = attrs.field(default="ctrl_r", validator=[v.instance_of(str), _a_chord])
    mode: Mode = attrs.field(default="hold", validator=_among(Mode))


@attrs.frozen(kw_only=True)
class Microphone:
    device: str = _text()
    """Name as `sayso doctor` lists it; '' follows the system's default."""
    preroll_ms: int = attrs.field(default=300, validator=[v.instance_of(int), v.ge(0), v.le(2000)])
    """Audio kept from before the key, while the microphone is warm."""
    keep_warm: KeepWarm = attrs.field(default="30s", validator=_among(KeepWarm))
    """How long the microphone stays open after a take."""


@attrs.frozen(kw_only=True)
class Insertion:
    method: Method = attrs.field(default="auto", validator=_among(Method))
    newlines: bool = _switch(False)
    """Whether newline and tab in the text are typed; they press keys in some programs."""


@attrs.frozen(kw_only=True)
class OnDevice:
    model: str = attrs.field(default="whisper-base", validator=v.matches_re(r"[a-z0-9][a-z0-9.-]*"))
    """A name of the catalogue: `sayso models list`."""
    unload_minutes: int = attrs.field(
        default=10, validator=[v.instance_of(int), v.ge(0), v.le(1440)]
    )
    """After so long without a take the model's memory is given back; 0 keeps it."""
    prompt: str = attrs.field(default="", validator=[v.instance_of(str), _prompt])
    """What it is about, in the speaker's words."""
    keywords: str = attrs.field(default="", validator=[v.instance_of(str), _keywords])
    """Names and terms to expect, with commas between them."""


@attrs.frozen(kw_only=True)
class History:
    keep: KeepHistory = attrs.field(default="7d", validator=_among(KeepHistory))
    """How long the words of a take stay; never: only until they have arrived."""
    keep_sound: bool = _switch(True)
    """The sound too, for a week at most."""


@attrs.frozen(kw_only=True)
class Settings:
    """`field.name` of a group is its key: `hotkey.chord`."""

    engine: EngineName = attrs.field(default="on-device", validator=_among(EngineName))
    language: str = attrs.field(
        default="", validator=v.matches_re(r"([a-z]{2,3}(-[A-Za-z]{2,4})?)?")
    )
    """'' detects it."""
    endpoint: Endpoint = attrs.field(factory=Endpoint)
    on_device: OnDevice = attrs.field(factory=OnDevice)
    hotkey: Hotkey = attrs.field(factory=Hotkey)
    microphone: Microphone = attrs.field(factory=Microphone)
    insertion: Insertion = attrs.field(factory=Insertion)
    history: History = attrs.field(factory=History)
    fallback: bool = _switch(False)
    """If the server fails, this computer recognises the take."""
    pill: Pill = attrs.field(default="bottom", validator=_among(Pill))
    sounds: bool = _switch(True)


GROUPS: Mapping[str, type] = {
    "endpoint": Endpoint,
    "on_device": OnDevice,
    "hotkey": Hotkey,
    "microphone": Microphone,
    "insertion": Insertion,
    "history": History,
}
KEYS: tuple[str, ...] = tuple(
    sorted(
        name
        for field in attrs.fields(Settings)
        for name in (
            [f"{field.name}.{sub.name}" for sub in attrs.fields(GROUPS[field.name])]
            if field.name in GROUPS
            else [field.name]
        )
    )
)


def get(settings: Settings, key: str) -> Any:
    """The value of a dotted key.

    Raises:
        ProblemError: There is no such key; the sentence names the nearest.
    """
    _known(key)
    value: Any = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


def put(settings: Settings, key: str, value: Any) -> Settings:
    """The settings with one value replaced.

    Raises:
        ProblemError: Unknown key, or a value it does not take; the sentence names what it does.
    """
    _known(key)
    group, _, name = key.rpartition(".")
    try:
        if not group:
            return attrs.evolve(settings, **{name: value})
        changed = attrs.evolve(getattr(settings, group), **{name: value})
        return attrs.evolve(settings, **{group: changed})
    except (TypeError, ValueError) as error:
        raise ProblemError(
            Problem(f"{key} cannot be {value!r}.", f"{_allowed(key, error)}")
        ) from error


def parse(key: str, text: str) -> Any:
    """What a person typed for a key, as a value of its kind.

    Raises:
        ProblemError: Unknown key, or text that is not of the key's kind.
    """
    _known(key)
    kind = _kind(key)
    if kind is bool:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if text.lower() not in words:
            raise ProblemError(Problem(f"{key} cannot be {text!r}.", "It is true or false."))
        return words[text.lower()]
    if kind is int:
        try:
            return int(text)
        except ValueError as error:
            raise ProblemError(
                Problem(f"{key} cannot be {text!r}.", "It is a whole number.")
            ) from error
    return text


def read(raw: Mapping[str, Any]) -> tuple[Settings, list[Problem]]:
    """Settings from a decoded file, and what had to be ignored."""
    raw = dict(raw)
    version = raw.pop("version", VERSION)
    for since, upgrade in UPGRADES.items():
        if isinstance(version, int) and version <= since:
            raw = upgrade(raw)
    settings, problems = Settings(), []
    for key, value in _flat(raw):
        try:
            settings = put(settings, key, value)
        except ProblemError as error:
            problems.append(
                attrs.evolve(error.problem, what=f"A setting was ignored: {error.problem.what}")
            )
    return settings, problems


def write(settings: Settings) -> dict[str, Any]:
    return {"version": VERSION, **attrs.asdict(settings)}


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From the version named to the next; applied in order."""


def _flat(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in raw.items():
        if name in GROUPS and isinstance(value, Mapping):
            rows += [(f"{name}.{sub}", inner) for sub, inner in value.items()]
        else:
            rows.append((name, value))
    return rows


def _known(key: str) -> None:
    if key in KEYS:
        return
    close = difflib.get_close_matches(key, KEYS, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise ProblemError(
        Problem(
            f"There is no setting called {key!r}.{hint}", f"The settings are: {', '.join(KEYS)}."
        )
    )


def _kind(key: str) -> Any:
    owner: Any = Settings
    group, _, name = key.rpartition(".")
    if group:
        owner = GROUPS[group]
    return get_type_hints(owner)[name]


def _allowed(key: str, error: Exception) -> str:
    kind = _kind(key)
    if get_origin(kind) is Literal:
        return f"It is one of: {', '.join(name or 'empty' for name in get_args(kind))}."
    if get_origin(kind) in (Union, types.UnionType):
        kind = get_args(kind)[0]
    if key == "language":
        return "It is a code such as en or pt-BR, or empty to detect the language."
    if key == "on_device.model":
        return "It is the name of a model: sayso models list."
    if key == "hotkey.chord" or key.endswith((".prompt", ".keywords")):
        return str(error) if isinstance(error, ValueError) else "It is text."
    if key == "microphone.preroll_ms":
        return "It is a whole number of milliseconds from 0 to 2000."
    if key == "on_device.unload_minutes":
        return "It is a whole number of minutes up to 1440, or 0 for never."
    return f"It is {'true or false' if kind is bool else 'text'}."
