"""Installed from a wheel or editable, Sayso finds its icons, sounds and sample."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "import sayso; from sayso.edges.resources import resource\n"
    "print(sayso.__file__); print(resource('sample.wav'))"
)


def asked(package_in: Path) -> tuple[Path, Path]:
    """Where a new interpreter finds the package and a resource."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK, str(package_in)],
        cwd="/", capture_output=True, text=True, check=True,
    )  # fmt: skip
    package, found = done.stdout.splitlines()
    return Path(package), Path(found)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (built,) = folder.glob("sayso-*.whl")
    return built


def test_a_wheel_has_the_package_and_every_resource(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    resources = [path for path in (ROOT / "resources").rglob("*") if path.is_file()]
    assert resources
    wanted = {f"sayso/resources/{path.relative_to(ROOT / 'resources')}" for path in resources}
    assert wanted <= names
    assert {"sayso/cli.py", "sayso/core/take.py"} <= names


def test_from_a_wheel_resources_are_found_beside_the_package(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    package, found = asked(tmp_path)
    assert package.is_relative_to(tmp_path)
    assert found == tmp_path / "sayso" / "resources" / "sample.wav"
    assert found.is_file()


def test_from_an_editable_install_they_are_found_in_the_repository() -> None:
    package, found = asked(ROOT / "desktop")
    assert package.is_relative_to(ROOT)
    assert found == ROOT / "resources" / "sample.wav"
    assert found.is_file()
