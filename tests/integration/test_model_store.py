"""Downloads from a local server that interrupts, changes, refuses and redirects."""

import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from integration import model_hub
from sayso.core.problems import ProblemError
from sayso.storage.model_store import ModelStore, download, downloaded_bytes, remove
from sayso.stt.ondevice.models import catalog
from sayso.stt.ondevice.models.download import Hub

MODEL = model_hub.make_model()
SIZE = MODEL.size_bytes
HALF = 1_000_000
WEIGHTS = model_hub.CONTENT["model.bin"]
CONFIG_SIZE = len(model_hub.CONTENT["config.json"])


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with model_hub.running_hub() as hub:
        yield hub


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def part(models):
    folder = models / "whisper-test.part"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def get(hub, models):
    def get(progress=lambda done, total: None, canceled=None, **options):
        options = {"url": hub.url, "retry_pauses_s": (0.01, 0.01), "timeout_s": 5} | options
        return download(MODEL, models, progress, canceled or threading.Event(), Hub(**options))

    return get


def is_complete(folder):
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == model_hub.CONTENT
    return True


def problem(get, **options):
    with pytest.raises(ProblemError) as caught:
        get(**options)
    return caught.value.problem


def test_a_model_is_downloaded_completely(get, hub, models):
    seen = []
    folder = get(progress=lambda done, total: seen.append((done, total)))
    assert folder == models / "whisper-test"
    assert is_complete(folder)
    assert seen[-1] == (SIZE, SIZE)
    assert seen == sorted(seen)
    assert [path for path, _ in hub.requests] == [
        f"/org/test/resolve/{model_hub.REVISION}/config.json",
        f"/org/test/resolve/{model_hub.REVISION}/model.bin",
    ]
    assert {headers["accept-encoding"] for _, headers in hub.requests} == {"identity"}


def test_an_intact_model_is_not_downloaded_again(get, hub):
    folder = get()
    hub.requests.clear()
    assert get() == folder
    assert hub.requests == []


def test_a_damaged_model_is_replaced(get, models):
    folder = get()
    (folder / "model.bin").write_bytes(b"?" + WEIGHTS[1:])
    (folder / "unknown").write_text("not part of the model")
    assert is_complete(get())
    assert {path.name for path in models.iterdir()} == {"whisper-test", ".whisper-test.lock"}


RESUMED = {
    "two interruptions": (
        [model_hub.normal, model_hub.cut(HALF), model_hub.cut(HALF + 300_000)],
        ["", f"bytes={HALF}-", f"bytes={HALF + 300_000}-"],
    ),
    "a part that starts at another byte": (
        [model_hub.normal, model_hub.cut(HALF), model_hub.shifted], ["", f"bytes={HALF}-", ""],
    ),
    "a refused range": (
        [model_hub.normal, model_hub.cut(HALF), model_hub.status(416)], ["", f"bytes={HALF}-", ""],
    ),
    "a busy server": ([model_hub.status(503), model_hub.status(429)], [""]),
}  # fmt: skip


@pytest.mark.parametrize(("responses", "ranges"), RESUMED.values(), ids=RESUMED)
def test_a_download_is_completed_despite_failures(get, hub, responses, ranges):
    hub.responses = list(responses)
    assert is_complete(get())
    assert hub.requested_ranges == ranges


def test_the_next_download_resumes_an_interrupted_one(get, hub, models):
    hub.responses = [model_hub.normal, model_hub.cut(HALF), *[model_hub.status(503)] * 3]
    assert problem(get).sentence == (
        "127.0.0.1 is busy. Try again in a few minutes. "
        "The downloaded part is kept, and the next download continues from there."
    )
    assert not (models / "whisper-test").exists()
    assert downloaded_bytes(MODEL, models) == HALF + CONFIG_SIZE
    hub.requests.clear()
    seen = []
    assert is_complete(get(progress=lambda done, total: seen.append(done)))
    assert hub.requested_ranges == [f"bytes={HALF}-"]
    assert seen[-1] == SIZE
    assert downloaded_bytes(MODEL, models) == 0


def test_parts_of_different_files_are_not_combined(get, hub):
    hub.content["model.bin"] = b"old" + WEIGHTS[3:]

    def publish_again():
        hub.content["model.bin"] = WEIGHTS

    hub.responses = [model_hub.normal, model_hub.cut(HALF), model_hub.run_first(publish_again)]
    assert is_complete(get())
    assert hub.requested_ranges == ["", f"bytes={HALF}-", ""]


def test_a_server_without_range_requests_is_supported(get, hub):
    hub.supports_ranges = False
    hub.responses = [model_hub.normal, model_hub.cut(HALF)]
    assert is_complete(get())


@pytest.mark.parametrize("content", [WEIGHTS + b"more", b"?" + WEIGHTS[1:]], ids=["long", "wrong"])
def test_a_part_that_cannot_be_continued_is_downloaded_again(get, part, content):
    (part / "model.bin").write_bytes(content)
    assert is_complete(get())


def test_a_file_that_differs_from_the_published_one_is_refused_and_deleted(get, hub, models):
    hub.content["model.bin"] = b"?" + WEIGHTS[1:]
    assert problem(get).sentence == (
        "The download of Test is damaged (model.bin). "
        "Download it again, perhaps from another network."
    )
    assert not (models / "whisper-test").exists()
    assert (models / "whisper-test.part" / "model.bin").read_bytes() == b""
    hub.content["model.bin"] = WEIGHTS
    assert is_complete(get())


def test_bytes_after_the_published_size_are_ignored(get, hub):
    hub.content["model.bin"] = WEIGHTS + b"?"
    assert is_complete(get())


def test_a_file_that_is_too_short_is_reported(get, hub, models):
    hub.content["model.bin"] = WEIGHTS[:HALF]
    assert problem(get).code == "model.download_interrupted"
    assert not (models / "whisper-test").exists()


STATUSES = {
    404: "127.0.0.1 no longer offers the model Test. Choose another model.",
    403: "127.0.0.1 no longer offers the model Test. Choose another model.",
    503: "127.0.0.1 is busy. Try again in a few minutes.",
    429: "127.0.0.1 is busy.",
    418: "127.0.0.1 sent an unexpected response.",
}


@pytest.mark.parametrize(("code", "sentence"), STATUSES.items())
def test_error_statuses_are_explained(get, hub, models, code, sentence):
    hub.responses = [model_hub.status(code)] * 9
    assert sentence in problem(get).sentence
    assert not (models / "whisper-test").exists()


def test_redirects_are_followed_with_the_range(get, hub):
    hub.responses = [
        *(model_hub.redirect("/elsewhere/config.json"), model_hub.normal),
        *(model_hub.redirect(f"{hub.url}/elsewhere/model.bin"), model_hub.cut(HALF)),
        *(model_hub.redirect("/elsewhere/model.bin"), model_hub.normal),
    ]
    assert is_complete(get())
    assert hub.requested_ranges == ["", "", f"bytes={HALF}-", f"bytes={HALF}-"]


NOT_ENCRYPTED = "127.0.0.1 redirects to an address that is not"
UNEXPECTED = "127.0.0.1 sent an unexpected response."
REDIRECTS = {
    "http://example.com/model.bin": NOT_ENCRYPTED,
    "ftp://example.com/model.bin": NOT_ENCRYPTED,
    "http://localhost/x": NOT_ENCRYPTED,
    "https://[::bad": UNEXPECTED,
    f"https://{'a' * 70}.example/x": UNEXPECTED,
}


@pytest.mark.parametrize(("location", "sentence"), REDIRECTS.items())
def test_a_redirect_to_an_unencrypted_or_invalid_address_is_refused(get, hub, location, sentence):
    hub.responses = [model_hub.redirect(location)]
    assert problem(get).sentence.startswith(sentence)
    assert len(hub.requests) == 1


def test_endless_redirects_are_reported(get, hub):
    hub.responses = [model_hub.redirect("/again/config.json")] * 20
    assert problem(get).code == "model.unexpected_response"


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "http://10.0.0.1"])
def test_the_hub_must_be_encrypted_or_on_this_computer(url):
    with pytest.raises(ValueError, match="neither https nor on this computer"):
        Hub(url=url)


def test_the_default_hub_is_encrypted():
    assert httpx2.URL(Hub().url).scheme == "https"
    assert Hub().name == "Hugging Face"


def test_a_canceled_download_can_be_resumed(get, hub, models):
    canceled = threading.Event()

    def progress(done, total):
        if done > HALF:
            canceled.set()

    assert get(progress=progress, canceled=canceled) is None
    assert not (models / "whisper-test").exists()
    done = downloaded_bytes(MODEL, models)
    assert HALF < done < SIZE
    hub.requests.clear()
    assert is_complete(get())
    assert hub.requested_ranges == [f"bytes={done - CONFIG_SIZE}-"]


def test_a_server_that_stops_sending_is_reported(get, hub):
    gate = threading.Event()
    hub.responses = [model_hub.normal, *[model_hub.stall(HALF, gate)] * 9]
    found = problem(get, timeout_s=0.2)
    gate.set()
    assert found.message == "127.0.0.1 did not answer."


def test_an_unreachable_server_is_reported(get):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert problem(get, url=url).message == "127.0.0.1 did not answer."


def test_a_missing_internet_connection_is_reported(get):
    assert problem(get, url="https://sayso.invalid").code == "model.offline"


def test_a_proxy_that_refuses_is_reported(get, hub, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTPS_PROXY", hub.url)
    hub.responses = [model_hub.status(403)] * 9
    found = problem(get, url="https://sayso.invalid")
    assert found.message == "The proxy cannot reach sayso.invalid."


def test_missing_disk_space_is_reported_before_the_download(get, hub, models):
    assert problem(get, free_bytes=lambda folder: 1_500_000).sentence == (
        "There is not enough disk space: 2 MB needed, 2 MB free. "
        "Free some space, or choose a smaller model."
    )
    assert hub.requests == []
    assert not (models / "whisper-test").exists()


def test_space_is_needed_only_for_the_missing_part(get, hub):
    hub.responses = [model_hub.normal, model_hub.cut(HALF), *[model_hub.status(503)] * 3]
    problem(get)
    assert is_complete(get(free_bytes=lambda folder: SIZE - HALF))


def test_a_disk_that_becomes_full_gets_its_space_back(get, models, part):
    """Writing to /dev/full fails as on a full disk."""
    (part / "model.bin").symlink_to("/dev/full")
    found = problem(get, free_bytes=lambda folder: SIZE)
    assert found.message.startswith("There is not enough disk space: 2 MB needed")
    assert [path.name for path in models.iterdir()] == [".whisper-test.lock"]


def test_a_folder_that_cannot_be_written_is_reported(get, models):
    models.parent.mkdir(exist_ok=True)
    models.write_text("not a folder")
    assert problem(get).message == f"The model Test cannot be saved in {models}."


def test_a_model_is_downloaded_only_once_at_a_time(get, hub, models):
    gate, reached = threading.Event(), threading.Event()
    hub.responses = [model_hub.run_first(lambda: (reached.set(), gate.wait(30)))]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get)
        assert reached.wait(10)
        assert problem(get).code == "model.downloading"
        with pytest.raises(ProblemError, match="is being downloaded"):
            remove(MODEL, models)
        gate.set()
        assert is_complete(first.result(10))


def test_concurrent_downloads_give_one_complete_model(get):
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(get) for _ in range(4)]
        folders = [future.result() for future in futures if not future.exception()]
    assert folders
    assert is_complete(folders[0])


def test_a_model_is_removed_with_its_unfinished_download(get, models):
    folder = get()
    shutil.copytree(folder, models / "whisper-test.part")
    remove(MODEL, models)
    assert [path.name for path in models.iterdir()] == [".whisper-test.lock"]
    remove(MODEL, models)


@pytest.fixture
def store(hub, models, tmp_path):
    store = ModelStore(models, tmp_path / "cache", Hub(url=hub.url, timeout_s=5))
    yield store
    store.close()


def status(store, name):
    return next(status for status in store.statuses() if status.model.name == name)


def final_status(store, name):
    """Return the status after the download has ended."""
    deadline = time.monotonic() + 10
    while (found := status(store, name)).downloading and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not found.downloading
    return found


@pytest.fixture
def blocked(hub):
    """Makes the first response wait, for 0.5 s or until `gate` is set."""
    gate, reached = threading.Event(), threading.Event()
    hub.responses = [model_hub.run_first(lambda: (reached.set(), gate.wait(0.5)))]
    return gate, reached


def test_a_download_is_started_and_canceled(hub, store, blocked):
    gate, reached = blocked
    store.start("whisper-tiny")
    store.start("whisper-tiny")  # a second click
    assert reached.wait(10)
    found = status(store, "whisper-tiny")
    assert (found.downloading, found.location, found.removable) == (True, "", False)
    store.cancel("whisper-tiny")
    gate.set()
    found = final_status(store, "whisper-tiny")
    assert (found.location, found.problem) == ("", None)
    assert len(hub.requests) == 1


def test_a_problem_is_kept_until_the_next_attempt(hub, store):
    hub.content = {}
    store.start("whisper-small")
    found = final_status(store, "whisper-small").problem
    assert found.message == "127.0.0.1 no longer offers the model Small."
    store.remove("whisper-small")
    assert status(store, "whisper-small").problem is None


def test_a_downloaded_model_is_listed(store, monkeypatch):
    monkeypatch.setattr(catalog, "_BY_NAME", {MODEL.name: MODEL})
    monkeypatch.setattr("sayso.storage.model_store.MODELS", (MODEL,))
    store.start(MODEL.name)
    found = final_status(store, MODEL.name)
    assert (found.location, found.downloaded_bytes, found.problem) == ("own", 0, None)


def test_closing_the_store_cancels_downloads(store, models, blocked):
    _, reached = blocked
    store.start("whisper-tiny")
    assert reached.wait(10)
    store.close()
    assert not (models / "whisper-tiny").exists()
    assert final_status(store, "whisper-tiny").problem is None
