"""Constructors for settings fields, each of which describes its setting.

The settings pages, `sayso config`, error messages and `docs/settings.md` are derived from
these descriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import attrs
from attrs import validators as v

_DESCRIPTION = "description"


class InvalidValueError(ValueError):
    """A value that a setting does not accept. The message is a sentence for the user."""


@attrs.frozen(kw_only=True)
class Description:
    """Texts about one setting, in English. The interface translates them."""

    title: str
    """Label; `&` precedes its mnemonic."""
    help: str
    allowed: str
    """Allowed values, as the object of "Use ..."."""
    unit: str = ""
    choices: Mapping[Any, str] = attrs.field(factory=dict)
    """Labels of the values that a list offers, in order."""
    is_confidential: bool = False
    """True if the value may contain a secret, so that messages must not repeat it."""

    @property
    def plain_title(self) -> str:
        return self.title.replace("&", "")


def field(default: Any, validator: Any, converter: Any = None, **description: Any) -> Any:
    metadata = {_DESCRIPTION: Description(**description)}
    return attrs.field(default=default, validator=validator, converter=converter, metadata=metadata)


def collect(owner: type, prefix: str) -> dict[str, Description]:
    """Return the descriptions of the settings of an attrs class by `prefix` and name."""
    fields = [one for one in attrs.fields(owner) if _DESCRIPTION in one.metadata]
    return {f"{prefix}{one.name}": one.metadata[_DESCRIPTION] for one in fields}


def choice(literal: Any, default: str, title: str, help_text: str, labels: str) -> Any:
    """A setting with the values of a `Literal`; `labels` are in their order, between " | "."""
    values = get_args(literal)
    allowed = f"one of: {', '.join(value or 'empty' for value in values)}"
    choices = dict(zip(values, labels.split(" | "), strict=True))
    valid = v.in_(values)
    return field(default, valid, title=title, help=help_text, allowed=allowed, choices=choices)


def switch(default: bool, title: str, help_text: str) -> Any:
    return field(default, v.instance_of(bool), title=title, help=help_text, allowed="true or false")


def text(
    default: str,
    title: str,
    help_text: str = "",
    allowed: str = "text",
    check: Callable[[str], object] = str,
    is_confidential: bool = False,
) -> Any:
    """A setting with any text that `check` accepts; it raises ValueError otherwise."""

    def validate(_: object, __: object, value: str) -> None:
        try:
            check(value)
        except ValueError as error:
            raise InvalidValueError(str(error)) from error

    return field(
        default,
        [v.instance_of(str), validate],
        title=title,
        help=help_text,
        allowed=allowed,
        is_confidential=is_confidential,
    )


def integer(
    default: int,
    maximum: int,
    title: str,
    help_text: str,
    unit: str,
    zero: str = "",
    choices: Mapping[int, str] | None = None,
) -> Any:
    """A setting with a whole number from 0 to `maximum`; `zero` is the meaning of 0."""
    limits = f"up to {maximum}, or 0 for {zero}" if zero else f"from 0 to {maximum}"
    return field(
        default,
        [v.instance_of(int), v.ge(0), v.le(maximum)],
        title=title,
        help=help_text,
        allowed=f"a whole number of {unit} {limits}",
        unit=unit,
        choices=choices or {},
    )
