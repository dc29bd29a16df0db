"""Layers of the architecture: a module imports only from its own package or a lower layer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "desktop" / "sayso"
LAYERS = [
    "core",
    "stt system",
    "audio",
    "storage",
    "dictation ui",
    "app control_server",
    "cli",
    "__main__",
]
"""From the lowest to the highest. Packages of one layer do not import each other, except that
`app` imports `control_server`."""
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names.split()}
SAME_LAYER = {("app", "control_server")}
QT = {"PySide6", "shiboken6"}
AUDIO = {"sounddevice", "soundfile", "soxr"}
INPUT = {"Xlib", "pynput", "keyring"}
FORBIDDEN: dict[str, set[str]] = {
    "core": QT | AUDIO | INPUT | {
        "asyncio", "io", "multiprocessing", "os", "pathlib", "queue", "shutil", "socket",
        "subprocess", "tempfile", "threading", "time", "websockets",
    },
    "stt": QT | INPUT | {"sounddevice"},
    "system": QT | AUDIO | {"websockets", "keyring"},
    "audio": QT | INPUT | {"websockets"},
    "storage": QT | {"websockets", "Xlib", "pynput"},
    "dictation": QT | INPUT | {"websockets"},
    "control_server": QT | INPUT | {"websockets"},
    "ui": {"sqlite3", "asyncio", "websockets", "Xlib", "pynput"},
}  # fmt: skip
"""Libraries that a package must not import."""
READS_RESOURCES = "core/resources.py"
"""The only module of `core` that accesses files."""
ONLY_USERS = {"websockets": {"stt/realtime/websocket.py"}, "aiortc": {"stt/webrtc/call.py"}}
"""Libraries that are imported by these modules only."""
MAX_FILES = 14
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Return the absolute names of everything that a module imports, at any depth."""
    package = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            names |= {f"{base}{node.module or ''}.{a.name}".replace("..", ".") for a in node.names}
    return names


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_to_lower_layers(path: Path) -> None:
    here = package_of(path)
    if here == "__init__":
        assert not imports(path) - {"__future__.annotations"}
        return
    assert here in LAYER, f"{path.name} must be in one of the packages"
    forbidden = set() if relative(path) == READS_RESOURCES else FORBIDDEN.get(here, set())
    for name in imports(path):
        first, _, rest = name.partition(".")
        assert first not in forbidden, f"{here} must not import {first}"
        if first == "sayso" and (other := rest.split(".")[0]) in LAYER:
            allowed = other == here or LAYER[other] < LAYER[here] or (here, other) in SAME_LAYER
            assert allowed, f"{here} must not import {other}"


@pytest.mark.parametrize(("library", "modules"), ONLY_USERS.items(), ids=ONLY_USERS)
def test_a_network_library_is_imported_by_one_module(library: str, modules: set[str]) -> None:
    users = {
        relative(path)
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users == modules


def test_a_package_has_at_most_fourteen_modules() -> None:
    folders = {path.parent for path in MODULES}
    counts = {
        str(folder.relative_to(PACKAGE)): len(list(folder.glob("[!_]*.py"))) for folder in folders
    }
    assert {name: count for name, count in counts.items() if count > MAX_FILES} == {}


def test_the_architecture_page_lists_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = {path.relative_to(PACKAGE).parts[0] for path in MODULES if path.parent != PACKAGE}
    names = {f"`{name}/`" for name in names} | {"`app.py`", "`control_server.py`"}
    assert {name for name in names if name not in text} == set()
