"""Models over a real connection to a server that cuts, changes, refuses and redirects."""

import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

import integration.model_hub as at
from sayso.core.problems import ProblemError
from sayso.storage.arrival import Source
from sayso.storage.model_store import ModelStore, download, downloaded_bytes, remove
from sayso.stt.ondevice.models import catalog
from sayso.stt.ondevice.models.catalog import by_name

MODEL = at.make_model()
SIZE = MODEL.size_bytes
HALF = 1_000_000
BIN = at.CONTENT["model.bin"]


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with at.running_hub() as hub:
        yield hub


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def get(hub, models):
    def get(model=MODEL, progress=lambda here, whole: None, cancelled=None, **source):
        source = Source(**{"base": hub.base, "pauses_s": (0.01, 0.01), "timeout_s": 5, **source})
        return download(model, models, progress, cancelled or threading.Event(), source)

    return get


def is_whole(folder):
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == at.CONTENT
    return True


def refused(get, **arguments):
    with pytest.raises(ProblemError) as caught:
        get(**arguments)
    assert caught.value.problem.action == "recognition"
    return caught.value.problem.sentence


def test_a_model_arrives_whole_under_its_name(get, hub, models):
    seen = []
    folder = get(progress=lambda here, whole: seen.append((here, whole)))
    assert folder == models / "whisper-test"
    assert is_whole(folder)
    assert seen[-1] == (SIZE, SIZE)
    assert seen == sorted(seen)
    assert [path for path, _ in hub.requests] == [
        f"/org/test/resolve/{at.REVISION}/config.json",
        f"/org/test/resolve/{at.REVISION}/model.bin",
    ]
    assert {headers["accept-encoding"] for _, headers in hub.requests} == {"identity"}


def test_what_is_there_and_right_is_not_fetched_again(get, hub):
    folder = get()
    hub.requests.clear()
    assert get() == folder
    assert hub.requests == []


def test_a_damaged_model_is_replaced(get, models):
    folder = get()
    (folder / "model.bin").write_bytes(b"?" + BIN[1:])
    (folder / "stranger").write_text("not ours")
    assert is_whole(get())
    assert {path.name for path in models.iterdir()} == {"whisper-test", ".whisper-test.lock"}


def test_a_cut_connection_is_taken_up_where_it_broke(get, hub):
    hub.responses = [at.run_first(lambda: None), at.cut(HALF), at.cut(HALF + 300_000)]
    assert is_whole(get())
    assert hub.requested_ranges == ["", f"bytes={HALF}-", f"bytes={HALF + 300_000}-"]
    assert hub.requests[-1][1]["if-range"] == '"one"'


def test_what_broke_off_for_good_goes_on_at_the_next_start(get, hub, models):
    hub.responses = [at.run_first(lambda: None), at.cut(HALF), *[at.status(503)] * 3]
    assert refused(get) == (
        "127.0.0.1 is busy. Try again in a few minutes. "
        "What has arrived is kept: the next download goes on from there."
    )
    assert not (models / "whisper-test").exists()
    assert downloaded_bytes(MODEL, models) == HALF + len(at.CONTENT["config.json"])
    hub.requests.clear()
    seen = []
    assert is_whole(get(progress=lambda here, whole: seen.append(here)))
    assert hub.requested_ranges == [f"bytes={HALF}-"]
    assert seen[-1] == SIZE
    assert downloaded_bytes(MODEL, models) == 0


def test_another_file_under_the_same_name_is_not_mixed_with_the_old_one(get, hub):
    hub.content["model.bin"] = b"old" + BIN[3:]

    def published_anew():
        hub.content["model.bin"], hub.etag = BIN, '"two"'

    hub.responses = [at.run_first(lambda: None), at.cut(HALF), at.run_first(published_anew)]
    assert is_whole(get())
    assert hub.requested_ranges == ["", f"bytes={HALF}-"]


SERVERS = {
    "knows no ranges": lambda hub: setattr(hub, "ranges", False),
    "names no version": lambda hub: setattr(hub, "etag", None),
    "names a weak version": lambda hub: setattr(hub, "etag", 'W/"one"'),
}


@pytest.mark.parametrize("prepare", SERVERS.values(), ids=SERVERS)
def test_servers_of_other_kinds_serve_as_well(get, hub, prepare):
    prepare(hub)
    hub.responses = [at.run_first(lambda: None), at.cut(HALF)]
    assert is_whole(get())
    assert "if-range" not in hub.requests[-1][1] or not hub.ranges


def test_a_part_that_begins_elsewhere_is_not_taken(get, hub):
    hub.responses = [at.run_first(lambda: None), at.cut(HALF), at.shifted]
    assert is_whole(get())
    assert hub.requested_ranges == ["", f"bytes={HALF}-", ""]


def test_a_part_longer_than_the_file_is_begun_anew(get, hub, models):
    part = models / "whisper-test.part"
    part.mkdir(parents=True)
    (part / "model.bin").write_bytes(BIN + b"more")
    assert is_whole(get())


def test_a_range_the_server_refuses_is_begun_anew(get, hub, models):
    part = models / "whisper-test.part"
    part.mkdir(parents=True)
    (part / "model.bin").write_bytes(BIN[:HALF])
    hub.responses = [at.run_first(lambda: None), at.status(416)]
    assert is_whole(get())
    assert hub.requested_ranges == [f"bytes={HALF}-", ""]


def test_what_was_not_published_is_refused_and_not_kept(get, hub, models):
    hub.content["model.bin"] = b"?" + BIN[1:]
    assert refused(get) == (
        "The model Test did not arrive as it was published: model.bin is different. "
        "Download it again, perhaps from another network."
    )
    assert not (models / "whisper-test").exists()
    assert (models / "whisper-test.part" / "model.bin").read_bytes() == b""
    hub.content["model.bin"] = BIN
    assert is_whole(get())


def test_more_than_was_published_is_not_written(get, hub):
    hub.content["model.bin"] = BIN + b"?"
    assert is_whole(get())


def test_a_shorter_file_is_given_up(get, hub, models):
    hub.content["model.bin"] = BIN[:HALF]
    assert refused(get).startswith("The download broke off.")
    assert not (models / "whisper-test").exists()


ANSWERS = {
    "gone": (404, "127.0.0.1 does not give out the model Test any more. Choose another."),
    "forbidden": (403, "127.0.0.1 does not give out the model Test any more. Choose another."),
    "busy": (503, "127.0.0.1 is busy. Try again in a few minutes."),
    "too often": (429, "127.0.0.1 is busy."),
    "a teapot": (418, "127.0.0.1 gave an answer Sayso does not know."),
}


@pytest.mark.parametrize(("code", "sentence"), ANSWERS.values(), ids=ANSWERS)
def test_refusals_are_told_in_words(get, hub, models, code, sentence):
    hub.responses = [at.status(code)] * 9
    assert sentence in refused(get)
    assert not (models / "whisper-test").exists()


def test_a_busy_server_is_asked_again(get, hub):
    hub.responses = [at.status(503), at.status(429)]
    assert is_whole(get())


def test_redirects_are_followed_with_the_range(get, hub):
    hub.responses = [
        *(at.redirect("/elsewhere/config.json"), at.run_first(lambda: None)),
        *(at.redirect(f"{hub.base}/elsewhere/model.bin"), at.cut(HALF)),
        *(at.redirect("/elsewhere/model.bin"), at.run_first(lambda: None)),
    ]
    assert is_whole(get())
    assert hub.requested_ranges == ["", "", f"bytes={HALF}-", f"bytes={HALF}-"]


@pytest.mark.parametrize(
    "to", ["http://example.com/model.bin", "ftp://example.com/model.bin", "http://localhost/x"]
)
def test_a_redirect_off_the_encrypted_road_is_not_followed(get, hub, to):
    hub.responses = [at.redirect(to)]
    assert refused(get).startswith("127.0.0.1 leads to an address that is not encrypted.")
    assert len(hub.requests) == 1


@pytest.mark.parametrize("to", ["https://[::bad", f"https://{'a' * 70}.example/x"])
def test_a_redirect_to_what_is_no_address_is_told(get, hub, to):
    hub.responses = [at.redirect(to)]
    assert "an answer Sayso does not know" in refused(get)
    assert len(hub.requests) == 1


def test_circles_end(get, hub):
    hub.responses = [at.redirect("/again/config.json")] * 20
    assert "an answer Sayso does not know" in refused(get)


@pytest.mark.parametrize("base", ["http://example.com", "ftp://127.0.0.1", "http://10.0.0.1"])
def test_a_source_is_encrypted_or_this_computer(base):
    with pytest.raises(ValueError, match="neither https nor on this computer"):
        Source(base=base)


def test_the_hub_is_asked_over_https():
    assert httpx2.URL(Source().base).scheme == "https"


def test_a_cancelled_download_can_be_taken_up(get, hub, models):
    cancelled = threading.Event()

    def progress(here, whole):
        if here > HALF:
            cancelled.set()

    assert get(progress=progress, cancelled=cancelled) is None
    assert not (models / "whisper-test").exists()
    had = downloaded_bytes(MODEL, models)
    assert HALF < had < SIZE
    hub.requests.clear()
    assert is_whole(get())
    assert hub.requested_ranges == [f"bytes={had - len(at.CONTENT['config.json'])}-"]


def test_a_server_that_falls_silent_is_given_up(get, hub):
    gate = threading.Event()
    hub.responses = [at.run_first(lambda: None), *[at.truncated(HALF, gate)] * 9]
    sentence = refused(get, timeout_s=0.2)
    gate.set()
    assert sentence.startswith("127.0.0.1 did not answer.")


def test_nobody_there(get, hub):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert refused(get, base=base).startswith("127.0.0.1 did not answer.")


def test_no_internet(get):
    assert refused(get, base="https://sayso.invalid").startswith("There is no internet.")


def test_a_proxy_that_does_not_let_through(get, hub, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTPS_PROXY", hub.base)
    hub.responses = [at.status(403)] * 9
    sentence = refused(get, base="https://sayso.invalid")
    assert sentence.startswith("The proxy does not let Sayso reach sayso.invalid.")


def test_a_disk_too_small_is_known_beforehand(get, hub, models):
    assert refused(get, free_bytes=lambda folder: 1_500_000) == (
        "There is not enough disk space: 2 MB needed, 2 MB free. "
        "Make some space, or choose a smaller model."
    )
    assert hub.requests == []
    assert not (models / "whisper-test").exists()


def test_only_what_is_missing_needs_space(get, hub, models):
    hub.responses = [at.run_first(lambda: None), at.cut(HALF), *[at.status(503)] * 3]
    refused(get)
    assert is_whole(get(free_bytes=lambda folder: SIZE - HALF))


def test_a_disk_that_fills_on_the_way_gets_its_space_back(get, models):
    """/dev/full says what a full disk says; a file of the part is a link to it."""
    part = models / "whisper-test.part"
    part.mkdir(parents=True)
    (part / "model.bin.etag").symlink_to("/dev/full")
    sentence = refused(get, free_bytes=lambda folder: SIZE)
    assert "There is not enough disk space: 2 MB needed" in sentence
    assert sorted(path.name for path in models.iterdir()) == [".whisper-test.lock"]


def test_a_folder_that_cannot_be_written_is_told(get, models):
    models.parent.mkdir(exist_ok=True)
    models.write_text("in the way")
    assert refused(get).startswith(f"The model Test cannot be written to {models}.")


def test_two_downloads_of_one_model_do_not_meet(get, hub, models):
    gate, reached = threading.Event(), threading.Event()
    hub.responses = [at.run_first(lambda: (reached.set(), gate.wait(30)))]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(get)
        assert reached.wait(10)
        assert refused(get).startswith("The model Test is being downloaded already.")
        with pytest.raises(ProblemError, match="being downloaded already"):
            remove(MODEL, models)
        gate.set()
        assert is_whole(first.result(10))


def test_many_starts_one_after_the_other_bring_one_model(get, hub):
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(get) for _ in range(4)]
        folders = [future.result() for future in done if not future.exception()]
    assert folders
    assert is_whole(folders[0])


def test_what_is_removed_is_gone_with_its_part(get, hub, models):
    folder = get()
    shutil.copytree(folder, models / "whisper-test.part")
    remove(MODEL, models)
    assert [path.name for path in models.iterdir()] == [".whisper-test.lock"]
    remove(MODEL, models)


def test_a_model_that_is_not_pinned_is_not_downloaded(get, hub):
    assert "is not pinned yet" in refused(get, model=by_name("distil-medium.en"))
    assert hub.requests == []


@pytest.fixture
def downloads(hub, models, tmp_path):
    made = ModelStore(models, tmp_path / "cache", Source(base=hub.base, timeout_s=5))
    yield made
    made.close()


def entry(downloads, name):
    return next(entry for entry in downloads.statuses() if entry.model.name == name)


def settled(downloads, name):
    """How it stands once nothing arrives any more."""
    if under_way := downloads._active.get(name):
        under_way.thread.join(10)
    now = entry(downloads, name)
    assert not now.downloading
    return now


def test_the_interface_starts_sees_and_cancels(hub, downloads):
    gate, reached = threading.Event(), threading.Event()
    hub.responses = [at.run_first(lambda: (reached.set(), gate.wait(30)))]
    downloads.start("whisper-tiny")
    downloads.start("whisper-tiny")  # a second click
    assert reached.wait(10)
    arriving = entry(downloads, "whisper-tiny")
    assert (arriving.downloading, arriving.location, arriving.removable) == (True, "", False)
    downloads.cancel("whisper-tiny")
    gate.set()
    ended = settled(downloads, "whisper-tiny")
    assert (ended.location, ended.problem) == ("", None)
    assert len(hub.requests) == 1


def test_the_interface_is_told_what_stands_against_it_until_it_tries_again(hub, downloads):
    hub.content = {}
    downloads.start("whisper-small")
    problem = settled(downloads, "whisper-small").problem
    assert problem.message == "127.0.0.1 does not give out the model Small any more."
    downloads.remove("whisper-small")
    assert entry(downloads, "whisper-small").problem is None


def test_a_model_that_has_arrived_is_listed(downloads, monkeypatch):
    monkeypatch.setattr(catalog, "_BY_NAME", {MODEL.name: MODEL})
    monkeypatch.setattr("sayso.storage.model_store.MODELS", (MODEL,))
    downloads.start(MODEL.name)
    there = settled(downloads, MODEL.name)
    assert (there.location, there.downloaded_bytes, there.problem) == ("own", 0, None)


def test_closing_ends_what_is_active(hub, downloads, models):
    gate, reached = threading.Event(), threading.Event()
    hub.responses = [at.run_first(lambda: (reached.set(), gate.wait(0.5)))]
    downloads.start("whisper-tiny")
    assert reached.wait(10)
    downloads.close()
    assert not (models / "whisper-tiny").exists()
    assert settled(downloads, "whisper-tiny").problem is None
