import re

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Settings
from sayso.stt.ondevice.models.catalog import (
    MODELS,
    WHISPER_BASE,
    ModelStatus,
    by_name,
    format_size,
    model_in_use,
    not_downloaded,
    not_enough_space,
    removal_problem,
    supported_languages,
)

NAMES = {
    *("whisper-tiny", "whisper-tiny.en", "whisper-base", "whisper-base.en", "whisper-small"),
    *("whisper-small.en", "whisper-medium", "whisper-large-v3", "whisper-large-v3-turbo"),
    *("distil-small.en", "distil-large-v3"),
}
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def test_each_model_is_listed_once():
    assert {model.name for model in MODELS} == NAMES
    assert len({model.title for model in MODELS}) == len(MODELS) == len(NAMES)
    assert len({model.repository for model in MODELS}) == len(MODELS)


@each_model
def test_each_file_of_a_model_is_pinned(model):
    assert re.fullmatch(r"[0-9a-f]{40}", model.revision)
    names = [file.name for file in model.files]
    assert len(set(names)) == len(names)
    assert set(names) >= {"config.json", "tokenizer.json", "model.bin"}
    assert any(name.startswith("vocabulary.") for name in names)
    assert all(re.fullmatch(r"[\w.]+", name) for name in names)  # stays inside the folder
    assert all(file.size_bytes > 0 for file in model.files)
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) for file in model.files)


def test_files_with_the_same_hash_have_the_same_size_and_weights_are_never_shared():
    sizes = {}
    for model in MODELS:
        for file in model.files:
            assert sizes.setdefault(file.sha256, file.size_bytes) == file.size_bytes
    weights = [file.sha256 for m in MODELS for file in m.files if file.name == "model.bin"]
    assert len(set(weights)) == len(MODELS)


@each_model
def test_the_size_matches_the_number_of_parameters(model):
    """Each parameter has two bytes. Base has 74 million parameters."""
    weights = next(file for file in model.files if file.name == "model.bin")
    assert model.size_bytes == sum(file.size_bytes for file in model.files)
    assert 0 < model.size_bytes - weights.size_bytes < 5_000_000
    assert weights.size_bytes == pytest.approx(2 * 74e6 * model.relative_cost, rel=0.12)


def test_multilingual_models_come_first_in_order_of_quality():
    multilingual = [model for model in MODELS if not model.english_only]
    assert MODELS[: len(multilingual)] == tuple(multilingual)
    assert (multilingual[0].title, multilingual[0].summary) == ("Tiny", "fastest")
    assert (multilingual[-1].title, multilingual[-1].summary) == ("Large turbo", "best")
    assert [supported_languages(model) for model in MODELS].count("English only") == 5


def test_the_default_model_is_installed_with_sayso():
    assert by_name(Settings().on_device.model) is WHISPER_BASE
    assert WHISPER_BASE.packages


@pytest.mark.parametrize(
    ("short", "name"),
    [("distil-large-v3", "distil-large-v3"), ("small", "whisper-small"),
     ("tiny.en", "whisper-tiny.en"), ("turbo", "whisper-large-v3-turbo"),
     ("large", "whisper-large-v3")],
)  # fmt: skip
def test_models_have_short_names(short, name):
    assert by_name(short).name == name


@pytest.mark.parametrize(
    ("name", "suggestion"), [("whisper-smal", " Did you mean whisper-small?"), ("q", "")]
)
def test_an_unknown_name_is_reported_with_a_similar_one(name, suggestion):
    with pytest.raises(ProblemError) as caught:
        by_name(name)
    assert caught.value.problem.sentence == (
        f"There is no model called {name}.{suggestion} See them all with: sayso models list."
    )


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(78_203_619, "78 MB"), (994_999_999, "995 MB"), (10**9, "1.0 GB"), (1_621_665_983, "1.6 GB")],
)
def test_sizes_are_formatted_in_decimal_units(size_bytes, text):
    assert format_size(size_bytes) == text


def test_problems_state_sizes():
    assert not_downloaded(by_name("small")).sentence == (
        "The model Small is not downloaded yet. Download it (486 MB), or choose another model."
    )
    assert not_enough_space(1_600_000_000, 900_000_000).message == (
        "There is not enough disk space: 1.6 GB needed, 900 MB free."
    )


OTHER = "whisper-tiny"
REMOVAL = {
    "in use": ({"location": "own"}, "whisper-base", "model.in_use"),
    "being downloaded": ({"location": "own", "downloading": True}, OTHER, "model.downloading"),
    "not on this computer": ({"location": ""}, OTHER, "model.not_present"),
    "in the shared cache": ({"location": "hub"}, OTHER, "model.shared"),
    "in a package": ({"location": "package"}, OTHER, "model.packaged"),
    "downloaded and not in use": ({"location": "own"}, OTHER, None),
    "partly downloaded": ({"location": "", "downloaded_bytes": 5}, "whisper-base", None),
    "also in a package": ({"location": "package", "downloaded_bytes": 5}, OTHER, None),
}


@pytest.mark.parametrize(("state", "in_use", "code"), REMOVAL.values(), ids=REMOVAL)
def test_only_unused_downloaded_models_can_be_removed(state, in_use, code):
    status = ModelStatus(model=WHISPER_BASE, **state)
    problem = removal_problem(status, in_use)
    assert (problem.code if problem else None) == code
    assert status.removable or problem


@pytest.mark.parametrize(
    ("other", "in_use"), [("own", "whisper-base"), ("package", "whisper-base"), ("", "")]
)
def test_the_selected_model_is_in_use_if_there_is_another_one(other, in_use):
    statuses = [
        ModelStatus(model=WHISPER_BASE, location="own"),
        ModelStatus(model=by_name("tiny"), location=other),
    ]
    assert model_in_use(statuses, "whisper-base") == in_use
