import re

import pytest

from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Settings
from sayso.stt.ondevice.decoding.devices import CPU, Device, devices_to_try
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
from sayso.stt.ondevice.models.manifest import MANIFESTS, ModelFile

UNPINNED = {"distil-medium.en"}
ASKED_FOR = {
    *("whisper-tiny", "whisper-tiny.en", "whisper-base", "whisper-base.en", "whisper-small"),
    *("whisper-small.en", "whisper-medium", "whisper-large-v3", "whisper-large-v3-turbo"),
    *("distil-small.en", "distil-medium.en", "distil-large-v3"),
}
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def test_all_models_are_there_once():
    assert {model.name for model in MODELS} == ASKED_FOR
    assert len({model.title for model in MODELS}) == len(MODELS) == len(ASKED_FOR)
    assert {model.repository for model in MODELS} == set(MANIFESTS)


@each_model
def test_a_model_is_pinned_file_by_file(model):
    assert re.fullmatch(r"[0-9a-f]{40}", model.manifest.revision)
    names = [file.name for file in model.files]
    assert len(set(names)) == len(names)
    assert set(names) >= {"config.json", "tokenizer.json", "model.bin"}
    assert any(name.startswith("vocabulary.") for name in names)
    assert all(re.fullmatch(r"[\w.]+", name) for name in names)  # no way out of the folder
    assert all(file.size_bytes > 0 for file in model.files)
    assert model.pinned == (model.name not in UNPINNED)
    for file in model.files:
        if model.pinned or file.name == "model.bin":
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256), file.name


def test_files_of_one_hash_have_one_size_and_weights_are_never_shared():
    sizes = {}
    for model in MODELS:
        for file in model.files:
            if file.sha256:
                assert sizes.setdefault(file.sha256, file.size_bytes) == file.size_bytes
    weights = [file.sha256 for m in MODELS for file in m.files if file.name == "model.bin"]
    assert len(set(weights)) == len(MODELS)


@each_model
def test_sizes_add_up_to_what_the_weights_are_known_to_take(model):
    """Two bytes for each parameter, of which Base has 74 million, and the small files."""
    weights = next(file for file in model.files if file.name == "model.bin")
    assert model.size_bytes == sum(file.size_bytes for file in model.files)
    assert 0 < model.size_bytes - weights.size_bytes < 5_000_000
    assert weights.size_bytes == pytest.approx(2 * 74e6 * model.relative_cost, rel=0.12)


def test_the_list_goes_from_the_fastest_to_the_best():
    everyone = [model for model in MODELS if not model.english_only]
    assert MODELS[: len(everyone)] == tuple(everyone)
    assert (everyone[0].title, everyone[0].summary) == ("Tiny", "fastest")
    assert (everyone[-1].title, everyone[-1].summary) == ("Large turbo", "best")
    assert [supported_languages(model) for model in MODELS].count("English only") == 6


def test_the_setting_names_a_model_that_comes_with_sayso():
    assert by_name(Settings().on_device.model) is WHISPER_BASE
    assert WHISPER_BASE.packages


SHORT = {
    "as it is": ("distil-large-v3", "distil-large-v3"),
    "short": ("small", "whisper-small"),
    "short English": ("tiny.en", "whisper-tiny.en"),
    "turbo": ("turbo", "whisper-large-v3-turbo"),
    "large": ("large", "whisper-large-v3"),
}


@pytest.mark.parametrize(("given", "name"), SHORT.values(), ids=SHORT)
def test_models_are_named_as_people_do(given, name):
    assert by_name(given).name == name


@pytest.mark.parametrize(
    ("given", "hint"), [("whisper-smal", " Did you mean whisper-small?"), ("q", "")]
)
def test_an_unknown_name_is_told_with_the_nearest(given, hint):
    with pytest.raises(ProblemError) as caught:
        by_name(given)
    assert caught.value.problem.sentence == (
        f"There is no model called {given}.{hint} See them all with: sayso models list."
    )


SIZES = {
    "tiny": (78_203_619, "78 MB"),
    "just under": (994_999_999, "995 MB"),
    "a gigabyte": (1_000_000_000, "1.0 GB"),
    "turbo": (1_621_665_983, "1.6 GB"),
}


@pytest.mark.parametrize(("bytes_", "words"), SIZES.values(), ids=SIZES)
def test_sizes_are_said_as_disks_are_sold(bytes_, words):
    assert format_size(bytes_) == words


def test_the_sentences():
    assert not_downloaded(by_name("small")).sentence == (
        "The model Small is not downloaded yet. Download it (486 MB), or choose another."
    )
    assert not_downloaded(by_name("distil-medium.en")).sentence == (
        "The model Distilled medium English is not pinned yet, so Sayso cannot check what it "
        "would download. Choose another."
    )
    assert not_enough_space(1_600_000_000, 900_000_000).message == (
        "There is not enough disk space: 1.6 GB needed, 900 MB free."
    )


def test_what_may_be_removed():
    assert ModelStatus(model=WHISPER_BASE, location="own").removable
    assert ModelStatus(model=WHISPER_BASE, location="", downloaded_bytes=1).removable
    assert not ModelStatus(model=WHISPER_BASE, location="package").removable
    assert ModelFile("a", 1).sha256 == ""


OTHER = "whisper-tiny"
STAY = {
    "in use": (
        ModelStatus(model=WHISPER_BASE, location="own"),
        "whisper-base",
        "is in use. Use another",
    ),
    "not here": (ModelStatus(model=WHISPER_BASE, location=""), OTHER, "is not on this computer."),
    "another's": (ModelStatus(model=WHISPER_BASE, location="hub"), OTHER, "other programs share"),
    "in a package": (
        ModelStatus(model=WHISPER_BASE, location="package"),
        OTHER,
        "Remove that with pip.",
    ),
}


@pytest.mark.parametrize(("entry", "used", "why"), STAY.values(), ids=STAY)
def test_why_a_model_stays(entry, used, why):
    problem = removal_problem(entry, used)
    assert problem is not None
    assert why in problem.sentence


@pytest.mark.parametrize(
    ("place", "part", "used"), [("own", 0, OTHER), ("", 5, "whisper-base"), ("package", 5, OTHER)]
)
def test_what_may_go(place, part, used):
    assert (
        removal_problem(
            ModelStatus(model=WHISPER_BASE, location=place, downloaded_bytes=part), used
        )
        is None
    )


HERE = {
    "another downloaded": ("own", "whisper-base"),
    "another in a package": ("package", "whisper-base"),
    "no other": ("", ""),
}


@pytest.mark.parametrize(("other", "held_back"), HERE.values(), ids=HERE)
def test_the_model_in_use_stays_where_another_could_be_used(other, held_back):
    entries = [
        ModelStatus(model=WHISPER_BASE, location="own"),
        ModelStatus(model=by_name("tiny"), location=other),
    ]
    assert model_in_use(entries, "whisper-base") == held_back


GPU = Device("cuda", "float16")
MACHINES = {
    "no card": (0, {"float16"}, (CPU,)),
    "a card": (1, {"float32", "int8", "float16"}, (GPU, CPU)),
    "an old card": (1, {"float32", "int8"}, (Device("cuda", "int8"), CPU)),
    "a card that can nothing": (1, set(), (CPU,)),
}


@pytest.mark.parametrize(("cards", "types", "tried"), MACHINES.values(), ids=MACHINES)
def test_the_processor_is_always_the_last_way(cards, types, tried):
    assert devices_to_try(cards, types) == tried
