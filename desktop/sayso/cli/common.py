"""Functions that several commands use."""

from __future__ import annotations

import json
from typing import Any

import click

from ..core.problems import Problem
from ..core.settings.settings import Settings
from ..storage import instance, paths, settings_file
from . import remote

REMEDIES = {
    "budget.used_up": "Nothing is sent until you choose:"
    " sayso config set monthly_budget_usd AMOUNT, or --engine on-device.",
    "settings.address_missing": "Set it with: sayso config set endpoint.url URL",
    "model.not_downloaded": "Download it with: sayso models download NAME",
}
"""Remedies for the command line by problem code, instead of those of the catalog."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
engine_option = click.option(
    "--engine", help="Use this engine instead: on-device or the name of an endpoint."
)


def load_settings() -> Settings:
    """Load the settings, and print a warning for each value that is ignored."""
    settings, problems = settings_file.load(paths.settings_file())
    for problem in problems:
        print_problem(problem)
    return settings


def save_settings(settings: Settings) -> None:
    """Save the settings, and tell a running Sayso to load them."""
    settings_file.save(paths.settings_file(), settings)
    instance.request("reload")


def output(as_json: bool, value: Any, text: str, indent: int | None = None) -> None:
    """Print a value as JSON, or a text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent) if as_json else text)


def remedy_for(problem: Problem) -> str:
    return REMEDIES.get(problem.code, problem.remedy)


def print_problem(problem: Problem, remedy: str = "") -> None:
    """Print a problem to stderr, with the remedy for the command line."""
    remedy = remedy or remedy_for(problem)
    remote.print_error(f"{problem.message} {remedy}".strip())
