"""Widgets of these tests appear on no screen."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """By argument and not by environment, which the programs that tests start would inherit."""
    return ["sayso", "-platform", "offscreen"]
