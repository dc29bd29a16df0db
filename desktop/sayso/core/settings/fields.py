"""Constructors for settings fields, each of which describes its setting.

A setting is described once, where it is defined. The settings pages, `sayso config`, error
messages and `docs/settings.md` are derived from this description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import attrs
from attrs import validators as v

DESCRIPTION = "description"
"""Name of the description in the metadata of an attrs field."""


class InvalidValueError(ValueError):
    """A value that a setting does not accept. The message is a sentence for the user."""


@attrs.frozen(kw_only=True)
class Description:
    """Texts about one setting, in English. The interface translates them."""

    title: str
    """Label; `&` precedes its mnemonic."""
    help: str
    """One short sentence; may be empty."""
    allowed: str
    """Allowed values, as the object of "Use ..."."""
    unit: str = ""
    """Unit of a number."""
    choices: Mapping[Any, str] = attrs.field(factory=dict)
    """Labels of the values that a list offers, in order."""
    is_confidential: bool = False
    """Whether the value may contain a secret. Messages do not repeat it then."""

    @property
    def plain_title(self) -> str:
        return self.title.replace("&", "")


def field(default: Any, validator: Any, description: Description, **arguments: Any) -> Any:
    metadata = {DESCRIPTION: description}
    return attrs.field(default=default, validator=validator, metadata=metadata, **arguments)


def choice(literal: Any, default: str, title: str, help_text: str, choices: dict[str, str]) -> Any:
    """A setting with the values of a `Literal`, each of which has a label."""
    values = get_args(literal)
    assert set(values) == set(choices)
    allowed = f"one of: {', '.join(value or 'empty' for value in values)}"
    description = Description(title=title, help=help_text, allowed=allowed, choices=choices)
    return field(default, v.in_(values), description)


def switch(default: bool, title: str, help_text: str) -> Any:
    description = Description(title=title, help=help_text, allowed="true or false")
    return field(default, v.instance_of(bool), description)


def text(
    default: str,
    title: str,
    help_text: str,
    *,
    allowed: str = "text",
    check: Callable[[str], object] | None = None,
    choices: Mapping[str, str] | None = None,
    is_confidential: bool = False,
) -> Any:
    """A setting with any text that `check` accepts; it raises ValueError otherwise."""

    def validate(_: object, __: object, value: str) -> None:
        if check is not None:
            try:
                check(value)
            except ValueError as error:
                raise InvalidValueError(str(error)) from error

    description = Description(
        title=title,
        help=help_text,
        allowed=allowed,
        choices=choices or {},
        is_confidential=is_confidential,
    )
    return field(default, [v.instance_of(str), validate], description)


def pattern(default: str, title: str, help_text: str, *, regex: str, allowed: str) -> Any:
    """A setting with text that matches a regular expression."""
    description = Description(title=title, help=help_text, allowed=allowed)
    return field(default, v.matches_re(regex), description)


def integer(
    default: int,
    maximum: int,
    title: str,
    help_text: str,
    *,
    unit: str,
    zero: str = "",
    choices: Mapping[int, str] | None = None,
) -> Any:
    """A setting with a whole number from 0 to `maximum`; `zero` is the meaning of 0."""
    allowed = f"a whole number of {unit} from 0 to {maximum}"
    if zero:
        allowed = f"a whole number of {unit} up to {maximum}, or 0 for {zero}"
    description = Description(
        title=title, help=help_text, allowed=allowed, unit=unit, choices=choices or {}
    )
    return field(default, [v.instance_of(int), v.ge(0), v.le(maximum)], description)
