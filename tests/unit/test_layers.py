"""The house rule: a module imports from its own room, or from a floor below."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "desktop" / "sayso"
FLOORS = [
    "core",
    "stt",
    "edges system",
    "stream",
    "budget capture engines hotkey inserter rescue showing takes",
    "landing",
    "worker ui transcribe remote",
    "requests",
    "app doctor models_command history_command usage_command endpoints_command",
    "commands",
    "cli",
    "__main__",
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}
QT = {"PySide6", "shiboken6"}
SOUND = {"sounddevice", "soundfile", "soxr"}
INPUT = {"Xlib", "pynput", "keyring"}
BARRED: dict[str, set[str]] = {
    "core": QT | SOUND | INPUT | {
        "asyncio", "io", "multiprocessing", "os", "pathlib", "queue", "shutil", "socket",
        "subprocess", "tempfile", "threading", "time", "websockets",
    },
    "stt": QT | INPUT | {"sounddevice"},
    "edges": QT | {"websockets"},
    "system": QT | SOUND | {"websockets", "keyring"},
    "stream": QT | {"websockets", "Xlib", "pynput"},
    "budget": QT | {"websockets", "Xlib", "pynput"},
    "capture": QT | {"websockets", "Xlib", "pynput"},
    "engines": QT | {"websockets", "Xlib", "pynput"},
    "hotkey": QT | {"websockets", "Xlib", "pynput"},
    "inserter": QT | {"websockets", "Xlib", "pynput"},
    "takes": QT | {"websockets", "Xlib", "pynput"},
    "rescue": QT | {"websockets", "Xlib", "pynput"},
    "showing": QT | {"websockets", "Xlib", "pynput"},
    "landing": QT | {"websockets", "Xlib", "pynput"},
    "worker": QT | {"websockets", "Xlib", "pynput"},
    "requests": QT | {"websockets", "Xlib", "pynput"},
    "ui": {"sqlite3", "asyncio", "websockets", "Xlib", "pynput"},
}  # fmt: skip
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Absolute dotted names of everything a module imports, at any depth."""
    package = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            names |= {f"{base}{node.module or ''}.{a.name}".replace("..", ".") for a in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        assert not imports(path) - {"__future__.annotations"}
        return
    assert here in FLOOR, f"{path.name} stands in no room of the house"
    for name in imports(path):
        first, _, rest = name.partition(".")
        assert first not in BARRED.get(here, ()), f"{here} must not import {first}"
        if first == "sayso" and (other := rest.split(".")[0]) in FLOOR:
            assert other == here or FLOOR[other] < FLOOR[here], f"{here} must not import {other}"


ALONE = {"websockets": {"stt/link.py"}, "aiortc": {"stt/call.py"}}


@pytest.mark.parametrize(("library", "modules"), ALONE.items(), ids=ALONE)
def test_a_library_of_sockets_is_imported_by_one_module(library: str, modules: set[str]) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users == modules


def test_the_module_map_shows_what_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    shown = set(re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", text))
    there = {path.name for path in MODULES if not path.name.startswith("__")}
    assert there - shown == set(), "modules that docs/architecture.md does not name"
    assert shown - there == set(), "docs/architecture.md names modules that are not there"
