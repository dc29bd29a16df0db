"""Problems with settings and their values."""

from __future__ import annotations

from .problem import kind

UNKNOWN_KEY = kind("settings.unknown_key")
INVALID_VALUE = kind("settings.invalid_value")
INVALID_AMOUNT = kind("settings.invalid_amount")
IGNORED = kind("settings.ignored")
ENDPOINT_IGNORED = kind("settings.endpoint_ignored")
UNKNOWN_ENDPOINT = kind("settings.unknown_endpoint")
UNKNOWN_ENGINE = kind("settings.unknown_engine")
LAST_ENDPOINT = kind("settings.last_endpoint")
ADDRESS_MISSING = kind("settings.address_missing")
