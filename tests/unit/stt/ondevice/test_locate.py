import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sayso.core.problems import ProblemError
from sayso.stt.ondevice.models import locate as module
from sayso.stt.ondevice.models.catalog import WHISPER_BASE, Model, ModelFile
from sayso.stt.ondevice.models.locate import hub_cache, installed_files, locate, location

HALVES = (b"the first half, " * 1000, b"and the second")
FILES = {"model.bin": b"".join(HALVES), "config.json": b'{"a": 1}'}
MODEL = Model(
    name="tiny",
    title="Tiny",
    summary="fastest",
    relative_cost=0.5,
    repository="org/tiny",
    former_repositories=("old/tiny",),
    revision="c0ffee",
    files=tuple(
        ModelFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES.items()
    ),
    packages=("tiny-part1", "tiny-part2"),
)


def write(folder, content=FILES):
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def packages(tmp_path):
    """The files of two installed packages."""
    content = {"1": HALVES[0], "2": HALVES[1], "config.json": FILES["config.json"]}
    folder = write(tmp_path / "packages", content)
    return {"model.bin": (folder / "1", folder / "2"), "config.json": (folder / "config.json",)}


@pytest.fixture
def located(tmp_path, packages):
    def located(pieces=packages, function=locate):
        models, cache, hub = (tmp_path / name for name in ("models", "cache", "hub"))
        return function(MODEL, models, cache, lambda names: pieces, hub)

    return located


@pytest.fixture
def place(located, packages):
    return lambda pieces=packages: located(pieces, location)


@pytest.fixture
def own(tmp_path):
    return tmp_path / "models" / "tiny"


@pytest.fixture
def joined(tmp_path):
    return tmp_path / "cache" / "tiny"


def test_the_files_of_packages_are_joined_once(located, joined):
    assert located() == joined
    assert {path.name: path.read_bytes() for path in joined.iterdir()} == FILES
    before = (joined / "model.bin").stat().st_mtime_ns
    assert located({}) == joined  # the packages are not needed any more
    assert (joined / "model.bin").stat().st_mtime_ns == before


def test_the_folder_of_the_user_comes_first(located, own):
    write(own)
    assert located() == own


def test_a_damaged_folder_of_the_user_is_reported_and_not_changed(located, own):
    write(own, {"config.json": FILES["config.json"]})
    with pytest.raises(ProblemError, match=r"Tiny is damaged: model\.bin in") as caught:
        located()
    assert caught.value.problem.code == "model.damaged"
    assert caught.value.problem.remedy.endswith(": sayso models download tiny")
    assert [path.name for path in own.iterdir()] == ["config.json"]


DAMAGES = {
    "changed": lambda path: path.write_bytes(b"?" + path.read_bytes()[1:]),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "deleted": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_joined_file_is_joined_again(located, damage):
    path = located() / "model.bin"
    damage(path)
    located()
    assert path.read_bytes() == FILES["model.bin"]


def test_a_damaged_package_is_reported_and_no_file_is_left(located, packages, joined):
    packages["model.bin"][1].write_bytes(b"something else")
    with pytest.raises(ProblemError, match="differs from the published file") as caught:
        located()
    assert "tiny-part1 tiny-part2" in caught.value.problem.remedy
    assert list(joined.glob("model*")) == []


@pytest.mark.parametrize("pieces", [{}, {"config.json": ()}], ids=["none", "one of two packages"])
def test_a_missing_model_is_reported_with_its_size(located, pieces):
    with pytest.raises(ProblemError) as caught:
        located(pieces)
    assert caught.value.problem.sentence == (
        "The model Tiny is not downloaded yet. Download it (0 MB), or choose another model."
    )


def test_concurrent_processes_all_get_a_complete_model(located, joined):
    with ThreadPoolExecutor(8) as pool:
        folders = {future.result() for future in [pool.submit(located) for _ in range(8)]}
    assert folders == {joined}
    assert {path.name: path.read_bytes() for path in joined.iterdir()} == FILES


def test_abandoned_temporary_files_are_removed_but_not_current_ones(located, joined):
    joined.mkdir(parents=True)
    for name, age_s in (("old.joining", 2 * module.ABANDONED_S), ("now.joining", 1)):
        (joined / name).write_bytes(b"half")
        then = (joined / name).stat().st_mtime - age_s
        os.utime(joined / name, (then, then))
    located()
    assert [path.name for path in joined.glob("*.joining")] == ["now.joining"]


class FullDisk:
    """A file during whose copying the disk becomes full."""

    def __init__(self, path):
        self._path, self.parent = path, path.parent

    def open(self, mode):
        raise OSError(28, "No space left on device")

    def stat(self):
        return self._path.stat()


def test_a_full_disk_is_reported_with_the_needed_size(located, packages, joined):
    packages["model.bin"] = (packages["model.bin"][0], FullDisk(packages["model.bin"][1]))
    sizes = r"not enough disk space: 0 MB needed, \d+(\.\d)? [MG]B free"
    with pytest.raises(ProblemError, match=sizes):
        located(packages)
    assert not list(joined.glob("*.joining"))


def test_a_cache_that_cannot_be_written_is_reported(located, tmp_path):
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(ProblemError, match="cannot be saved in"):
        located()


def test_the_installed_packages_contain_whisper_base():
    pieces = installed_files(WHISPER_BASE.packages)
    assert set(pieces) == set(WHISPER_BASE.hashes)
    assert [path.name for path in pieces["model.bin"]] == ["model.bin.part1", "model.bin.part2"]
    assert all(path.is_file() for paths in pieces.values() for path in paths)
    assert installed_files((*WHISPER_BASE.packages, "surely-not-installed")) == {}


@pytest.mark.parametrize("repository", ["org--tiny", "old--tiny"], ids=["current", "former"])
def test_a_model_in_the_shared_cache_is_used_there(located, place, tmp_path, repository):
    snapshot = write(tmp_path / "hub" / f"models--{repository}" / "snapshots" / "c0ffee")
    assert located({}) == snapshot
    assert place({}) == "hub"
    assert not (tmp_path / "cache").exists()


OTHERS = {
    "another revision": ("decaf", FILES),
    "incomplete": ("c0ffee", {"config.json": FILES["config.json"]}),
    "damaged": ("c0ffee", {**FILES, "config.json": b'{"a": 2}'}),
}


@pytest.mark.parametrize(("revision", "content"), OTHERS.values(), ids=OTHERS)
def test_another_model_in_the_cache_is_not_used(located, joined, tmp_path, revision, content):
    write(tmp_path / "hub" / "models--org--tiny" / "snapshots" / revision, content)
    with pytest.raises(ProblemError, match="not downloaded yet"):
        located({})
    assert located() == joined


def test_a_complete_model_in_one_package_is_used_there(located, place, tmp_path):
    folder = write(tmp_path / "site-packages" / "data")
    pieces = {name: (folder / name,) for name in FILES}
    assert place(pieces) == "package"
    assert located(pieces) == folder
    assert not (tmp_path / "cache").exists()


def test_the_location_of_a_model_is_found(located, place, own):
    assert place({}) == ""
    assert place() == "package"
    located()
    assert place({}) == "package"
    write(own)
    assert place() == "own"
    (own / "model.bin").unlink()
    assert place() == "own"  # `locate` does not look elsewhere either


CACHES = {
    "HF_HUB_CACHE": ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
    "HF_HOME": ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
    "XDG_CACHE_HOME": ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    "default": ({}, "~/.cache/huggingface/hub"),
}


@pytest.mark.parametrize(("environment", "folder"), CACHES.values(), ids=CACHES)
def test_the_shared_cache_is_where_huggingface_hub_keeps_it(environment, folder):
    assert hub_cache(environment) == Path(folder).expanduser()
