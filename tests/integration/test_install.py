"""Resources are found from a wheel and an editable install; the demo needs no test packages."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRINT_LOCATIONS = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "import sayso; from sayso.core.resources import resource\n"
    "print(sayso.__file__); print(resource('sample.wav'))"
)

DEMO_WITH_USER_PACKAGES = """
import sys, runpy
from importlib.metadata import packages_distributions
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is not in constraints.txt")
def named(distribution):
    return distribution.lower().replace("_", "-").replace(".", "-")
for_users = set(sys.argv[2].split()) | {"sayso", "pip", "setuptools"}
of = packages_distributions()
absent = {m for m, them in of.items() if not for_users & {named(one) for one in them}}
assert {"pytest", "hypothesis", "jiwer"} <= absent and "Xlib" not in absent
sys.meta_path.insert(0, Absent())
assert callable(runpy.run_path(sys.argv[1], run_name="demo")["main"])
"""


def locations(package_in: Path) -> tuple[Path, Path]:
    """Return the package and a resource as a new interpreter finds them."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PRINT_LOCATIONS, str(package_in)],
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
    assert {"sayso/cli/__init__.py", "sayso/core/dictation/take.py"} <= names


def test_a_wheel_finds_resources_in_the_package(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    package, found = locations(tmp_path)
    assert package.is_relative_to(tmp_path)
    assert found == tmp_path / "sayso" / "resources" / "sample.wav"
    assert found.is_file()


def test_an_editable_install_finds_resources_in_the_repository() -> None:
    package, found = locations(ROOT / "desktop")
    assert package.is_relative_to(ROOT)
    assert found == ROOT / "resources" / "sample.wav"
    assert found.is_file()


def test_the_demo_needs_only_the_packages_of_users() -> None:
    pins = (ROOT / "packaging" / "constraints.txt").read_text("utf-8")
    for_users = re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", DEMO_WITH_USER_PACKAGES, str(ROOT / "packaging" / "demo.py"), " ".join(for_users)],  # noqa: E501
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
