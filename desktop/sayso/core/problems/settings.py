"""Problems with settings and their values."""

from __future__ import annotations

from .problem import ProblemKind

UNKNOWN_KEY = ProblemKind(
    "settings.unknown_key",
    "There is no setting named {key!r}.{suggestion}",
    "The settings are: {keys}.",
)
INVALID_VALUE = ProblemKind("settings.invalid_value", "{key} cannot be {value}.", "{reason}")
INVALID_AMOUNT = ProblemKind(
    "settings.invalid_amount", "“{text}” is not an amount.", "Enter an amount such as 5 or 2.50."
)
IGNORED = ProblemKind("settings.ignored", "A setting was ignored: {problem}", "{remedy}")
ENDPOINT_IGNORED = ProblemKind(
    "settings.endpoint_ignored",
    "A server in the settings file was ignored because it has no address.",
    "Add it again in Settings.",
)
UNKNOWN_ENDPOINT = ProblemKind(
    "settings.unknown_endpoint", "There is no server named {name!r}.", "The servers are: {names}."
)
UNKNOWN_ENGINE = ProblemKind(
    "settings.unknown_engine", "There is no engine named {name!r}.", "The engines are: {names}."
)
LAST_ENDPOINT = ProblemKind(
    "settings.last_endpoint",
    "{name} is the only server.",
    "Add another one first, or change this one.",
)
ADDRESS_MISSING = ProblemKind(
    "settings.address_missing", "The server has no address.", "Enter it here."
)
