"""The command `sayso models`, with a local hub."""

import json

import pytest
from click.testing import CliRunner

from integration import model_hub
from sayso.cli import models
from sayso.storage import model_store, paths
from sayso.stt.ondevice.decoding.benchmark import save_measurement
from sayso.stt.ondevice.models import catalog, locate
from sayso.stt.ondevice.models.catalog import MODELS, by_name
from sayso.stt.ondevice.models.download import Hub


def create_model_files(folder, model):
    """Create sparse files of the right sizes, which is all that lists check."""
    folder.mkdir(parents=True)
    for file in model.files:
        with (folder / file.name).open("wb") as empty:
            empty.truncate(file.size_bytes)


def test_the_list_has_all_models_and_marks_the_selected_one(sayso):
    lines = sayso("models", "list").stdout.splitlines()
    assert len(lines) == len(MODELS)
    (used,) = [line for line in lines if line.startswith("*")]
    assert used.split()[1:4] == ["whisper-base", "148", "MB"]
    assert used.endswith("installed as a package")
    assert "  whisper-large-v3-turbo   1.6 GB  all languages best" in lines


def test_the_list_as_json_has_all_details(sayso):
    rows = {row["name"]: row for row in json.loads(sayso("models", "list", "--json").stdout)}
    assert rows["whisper-base"]["place"] == "package"
    assert rows["whisper-base"]["used"] is True
    small = rows["whisper-small"]
    assert (small["place"], small["bytes"], small["used"]) == (None, 486_212_372, False)
    assert {file["name"] for file in small["files"]} >= {"model.bin", "config.json"}


def test_the_list_shows_the_latency_on_this_computer(sayso, home):
    text = sayso("models", "list").stdout
    assert " s  " not in text
    rows = json.loads(sayso("models", "list", "--json").stdout)
    assert {(row["wait_s"], row["wait_measured"]) for row in rows} == {(None, False)}
    save_measurement(paths.cache(), "whisper-base", "2 processors", 0.312)
    lines = sayso("models", "list").stdout.splitlines()
    (base,) = [line for line in lines if " whisper-base " in line]
    (small,) = [line for line in lines if " whisper-small " in line]
    assert "fast                    0.3 s        installed as a package" in base
    assert small.endswith("about 1.0 s")
    rows = {row["name"]: row for row in json.loads(sayso("models", "list", "--json").stdout)}
    assert (rows["whisper-base"]["wait_s"], rows["whisper-base"]["wait_measured"]) == (0.31, True)
    assert (rows["whisper-small"]["wait_s"], rows["whisper-small"]["wait_measured"]) == (
        1.03,
        False,
    )


def test_a_model_in_the_shared_cache_is_not_downloaded_again(home, monkeypatch):
    with model_hub.running_hub() as hub:
        model = model_hub.make_model("whisper-tiny")
        monkeypatch.setattr(catalog, "_BY_NAME", {model.name: model})
        snapshot = home / "cache" / "huggingface" / "hub" / "models--org--test" / "snapshots"
        folder = snapshot / model.revision
        folder.mkdir(parents=True)
        for name, data in model_hub.CONTENT.items():
            (folder / name).write_bytes(data)
        done = CliRunner().invoke(models.models, ["download", model.name])
        assert done.output == "The model Test is already on this computer.\n"
        assert hub.requests == []
        assert not (paths.models() / model.name).exists()


def test_shared_and_incomplete_models_are_listed(sayso, home):
    tiny = by_name("tiny")
    hub = home / "cache" / "huggingface" / "hub" / "models--Systran--faster-whisper-tiny"
    create_model_files(hub / "snapshots" / tiny.revision, tiny)
    part = home / "data" / "sayso" / "models" / "whisper-small.part"
    part.mkdir(parents=True)
    (part / "model.bin").write_bytes(b"x" * 2_000_000)
    text = sayso("models", "list").stdout
    assert "in the cache of other programs" in text
    assert "2 MB downloaded" in text
    assert sayso("models", "use", "tiny").stdout == "The model Tiny is selected.\n"
    assert sayso("config", "get", "on_device.model").stdout == "whisper-tiny\n"
    assert sayso("models", "remove", "small").stdout == "The model Small was removed.\n"
    assert not part.exists()


WRONG = {
    "select a missing model": (
        ["models", "use", "small"],
        "The model Small is not downloaded yet. "
        "Download it with: sayso models download whisper-small\n",
    ),
    "select an unknown model": (
        ["models", "use", "smal"],
        "There is no model called smal. Did you mean small? "
        "See them all with: sayso models list.\n",
    ),
    "set an unknown model": (
        ["config", "set", "on_device.model", "whisper-smal"],
        "There is no model called whisper-smal. Did you mean whisper-small? "
        "See them all with: sayso models list.\n",
    ),
    "remove a missing model": (
        ["models", "remove", "small"],
        "The model Small is not on this computer.\n",
    ),
    "remove a model from a package": (
        ["models", "remove", "base"],
        "The model Base is part of an installed package. Remove it with pip.\n",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_reported_in_a_sentence(sayso, arguments, sentence):
    done = sayso(*arguments)
    assert done.returncode == 2
    assert done.stderr.endswith(sentence)


def test_the_selected_model_cannot_be_removed(sayso, home):
    create_model_files(home / "data" / "sayso" / "models" / "whisper-tiny", by_name("tiny"))
    assert sayso("models", "use", "whisper-tiny").returncode == 0
    done = sayso("models", "remove", "tiny")
    assert done.returncode == 2
    assert done.stderr == "The model Tiny is in use. Select another model first.\n"
    assert sayso("models", "use", "base").returncode == 0
    assert sayso("models", "remove", "tiny").returncode == 0


def test_the_only_model_can_be_removed(home, monkeypatch):
    monkeypatch.setattr(locate, "installed_files", lambda packages: {})
    create_model_files(home / "data" / "sayso" / "models" / "whisper-base", by_name("base"))
    done = CliRunner().invoke(models.models, ["remove", "base"])
    assert done.stdout == "The model Base was removed.\n"
    assert not (home / "data" / "sayso" / "models" / "whisper-base").exists()


@pytest.fixture
def hub(home, monkeypatch):
    """A local hub with a model of its own."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    model = model_hub.make_model()
    monkeypatch.setattr(catalog, "_BY_NAME", {model.name: model})
    with model_hub.running_hub() as hub:
        server = Hub(url=hub.url, retry_pauses_s=(0.01,))
        download = model_store.download
        monkeypatch.setattr(
            model_store, "download", lambda *arguments: download(*arguments, hub=server)
        )
        yield hub


def test_a_download_prints_how_to_select_the_model(hub):
    hub.responses = [model_hub.normal, model_hub.cut(1_000_000)]
    done = CliRunner().invoke(models.models, ["download", "test"])
    assert done.exit_code == 0, done.exception
    assert done.stdout == (
        "The model Test is on this computer.\nSelect it with: sayso models use whisper-test\n"
    )
    assert (paths.models() / "whisper-test" / "model.bin").read_bytes() == (
        model_hub.CONTENT["model.bin"]
    )


def test_a_damaged_model_is_downloaded_again(hub):
    """The damaged files need not be removed first."""
    assert CliRunner().invoke(models.models, ["download", "test"]).exit_code == 0
    landed = paths.models() / "whisper-test" / "model.bin"
    landed.write_bytes(landed.read_bytes()[:-1] + b"?")
    done = CliRunner().invoke(models.models, ["download", "test"])
    assert done.stdout.startswith("The model Test is on this computer.\n")
    assert landed.read_bytes() == model_hub.CONTENT["model.bin"]
