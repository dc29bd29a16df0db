"""The command `sayso history`."""

import csv
import datetime as dt
import json
import zipfile

import attrs
import pytest

from fakes import LOUD, RATE_HZ, FakeEngine
from sayso.cli import history as history_command
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.problems import ProblemError
from sayso.core.recognition.plausibility import EngineReport
from sayso.core.settings.settings import Settings
from sayso.core.usage import UsageRecord, month_of
from sayso.storage import settings_file
from sayso.storage.history import HistoryStore
from sayso.storage.recordings import Recordings
from sayso.storage.usage import UsageStore


@pytest.fixture
def store(home):
    """A history with three takes."""
    history = HistoryStore(home / "state" / "sayso" / "history.db")
    for number, (text, outcome) in enumerate(
        [("Milk, two lemons.", "inserted"), ("", "failed"), ("The second draft.", "held")]
    ):
        history.put(
            HistoryEntry(
                id=f"2026112{number}-090000-abc",
                started=f"2026-11-2{number}T09:00:00.000+00:00",
                text=text, outcome=outcome, engine="on-device", program="editor",
                audio=f"2026112{number}-090000-abc.flac", duration_s=0.5,
            )
        )  # fmt: skip
    return history


@pytest.fixture
def run(store, sayso):
    return lambda *arguments: sayso("history", *arguments)


def test_the_list_is_newest_first(run):
    lines = run("list").stdout.splitlines()
    assert [line.split("  ")[-1] for line in lines] == [
        "The second draft.", "Not transcribed yet", "Milk, two lemons.",
    ]  # fmt: skip
    assert len(run("list", "--limit", "2").stdout.splitlines()) == 2


def test_a_search_finds_all_words_or_exits_with_1(run):
    (found,) = json.loads(run("search", "LEMONS", "milk", "--json").stdout)
    assert found["text"] == "Milk, two lemons."
    nothing = run("search", "whale")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "No dictations. Kept for 7 days" in nothing.stderr


@pytest.mark.parametrize("name", ["last", "20261122", "20261122-090000-abc"])
def test_a_take_is_shown_by_id_its_beginning_or_last(run, name):
    assert json.loads(run("show", name, "--json").stdout)["text"] == "The second draft."


def test_a_take_is_shown_as_text(run):
    shown = run("show", "last").stdout
    assert "The second draft." in shown
    assert "program  editor" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "2026"], "Several IDs begin with “2026”. Add more characters."),
        (["show", "x"], "There is no dictation with the ID “x”."),
        (["retry", "last"], "no longer on this computer"),
        (["export", "words.doc"], "Use .txt, .csv, .json or .zip."),
        (["export", "/nowhere/words.txt"], "cannot be written"),
        (["delete"], "Name the dictations to delete, or use --all."),
        (["delete", "last", "--all"], "Name the dictations to delete, or use --all."),
    ],
)
def test_wrong_input_is_reported_in_a_sentence(run, arguments, sentence):
    done = run(*arguments)
    assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


def test_the_suffix_selects_the_export_format(run, tmp_path):
    for end in ("txt", "csv", "JSON"):
        assert run("export", str(tmp_path / f"all.{end}")).returncode == 0
    assert (tmp_path / "all.txt").read_text().count("\n\n") == 1
    assert len(list(csv.reader((tmp_path / "all.csv").read_text().splitlines()))) == 4
    assert len(json.loads((tmp_path / "all.JSON").read_text())) == 3


def test_a_zip_has_the_text_and_the_audio(run, store, tmp_path):
    add_recording(store, "20261120-090000-abc")
    done = run("export", str(tmp_path / "all.zip"), "--json")
    assert json.loads(done.stdout) == {"file": str(tmp_path / "all.zip"), "dictations": 3}
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        names = packed.namelist()
        sound = packed.read("sound/20261120-090000-abc.flac")
        words = json.loads(packed.read("dictations.json"))
    assert names == ["dictations.txt", "dictations.json", "sound/20261120-090000-abc.flac"]
    assert sound[:4] == b"fLaC"
    assert len(words) == 3


def test_dictations_are_filtered_by_program(run, store):
    store.put(attrs.evolve(store.find("20261122"), program="browser"))
    assert len(run("list", "--program", "Editor").stdout.splitlines()) == 2
    assert run("search", "draft", "--program", "editor").returncode == 1
    assert run("search", "draft", "--program", "browser").returncode == 0
    none = run("list", "--program", "mail")
    assert (none.returncode, none.stderr) == (
        2, "The history has no dictations into “mail”. Choose one of: browser, editor.\n",
    )  # fmt: skip


def test_deleting_removes_the_audio(run, store, tmp_path):
    folder = store.path.parent / "takes"
    folder.mkdir()
    (folder / "20261122-090000-abc.flac").write_bytes(b"sound")
    assert run("delete", "last", "20261120").stdout == "Deleted 2 dictations.\n"
    assert [entry.outcome for entry in store.entries()] == ["failed"]
    assert list(folder.iterdir()) == []
    done = run("delete", "--all", "--json")
    assert json.loads(done.stdout) == {"deleted": ["20261121-090000-abc"]}
    assert store.entries() == []


def add_recording(store, id_):
    spool = Recordings(store.path.parent / "takes")
    file = spool.create(id_, RATE_HZ)
    file.write(LOUD * 100)
    file.close()
    spool.compress(id_)


def test_a_retry_transcribes_the_kept_audio(store, monkeypatch, capsys):
    add_recording(store, "20261121-090000-abc")
    engine = FakeEngine("Now it works.")
    monkeypatch.setattr("sayso.cli.transcribe.create_engine", lambda *_: engine)
    history_command.history.main(["retry", "20261121"], standalone_mode=False)
    assert capsys.readouterr().out == "Now it works.\n"
    assert engine.read_bytes == [len(LOUD) * 100]
    entry = store.find("20261121")
    assert (entry.text, entry.outcome, entry.error) == ("Now it works.", "rescued", "")


def test_a_retry_can_use_another_engine(store, monkeypatch, capsys, tmp_path):
    add_recording(store, "20261121-090000-abc")
    asked = []

    class Charging(FakeEngine):
        async def transcribe(self, audio, on_event):
            audio.take.usage.append(UsageRecord(endpoint="OpenAI", seconds=0.5, cost_usd=0.5))
            return await super().transcribe(audio, on_event)

    def make(settings, *_):
        asked.append((settings.selected_engine, settings.fallback))
        return Charging("From afar.")

    monkeypatch.setattr("sayso.cli.transcribe.create_engine", make)
    history_command.history.main(
        ["retry", "20261121", "--engine", "OpenAI", "--json"], standalone_mode=False
    )
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["text"], row["engine"], row["cost_usd"]) == ("From afar.", "OpenAI", 0.5)
    assert asked == [("OpenAI", ())]
    assert UsageStore(store.path).days()[0].total.cost_usd == 0.5
    with pytest.raises(ProblemError, match="There is no engine named 'Attic'"):
        history_command.history.main(
            ["retry", "20261121", "--engine", "Attic"], standalone_mode=False
        )


def run_retry(store, monkeypatch, engine, *arguments):
    """Run `retry` for a take with half a second of speech."""
    add_recording(store, "20261121-090000-abc")
    monkeypatch.setattr("sayso.cli.transcribe.create_engine", lambda *_: engine)
    history_command.history.main(["retry", "20261121", *arguments], standalone_mode=False)


def test_suspicious_text_is_printed_with_a_warning(store, monkeypatch, capsys):
    class Deaf(FakeEngine):
        async def transcribe(self, audio, on_event):
            on_event(EngineReport(engine="api.openai.com", sent_s=30.0, processed_s=3.0))
            return await super().transcribe(audio, on_event)

    run_retry(store, monkeypatch, Deaf("Half."), "--engine", "OpenAI")
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "Half.\n",
        "api.openai.com skipped 27 s of your speech. Another engine may do better: --engine.\n",
    )
    assert store.find("20261121").text == "Half."


def test_suspicious_text_of_this_computer_is_printed_without_a_warning(store, monkeypatch, capsys):
    run_retry(store, monkeypatch, FakeEngine(""))
    assert capsys.readouterr().err == ""


def test_a_used_up_budget_prevents_a_retry(store, monkeypatch, capsys, tmp_path):
    (tmp_path / "config" / "sayso").mkdir(parents=True)
    settings = attrs.evolve(Settings(), monthly_budget_usd=1.0)
    settings_file.save(tmp_path / "config" / "sayso" / "settings.json", settings)
    today = dt.datetime.now().astimezone().date()
    ledger = UsageStore(store.path)
    ledger.add(today, [UsageRecord(endpoint="OpenAI", seconds=60, cost_usd=1.0)])
    engine = FakeEngine("There.")
    with pytest.raises(
        ProblemError, match=r"budget for .* is used up\. Nothing is sent until you choose"
    ):
        run_retry(store, monkeypatch, engine, "--engine", "OpenAI")
    assert engine.read_bytes == []
    ledger.approve(month_of(today), 1.0)
    run_retry(store, monkeypatch, engine, "--engine", "OpenAI")
    assert capsys.readouterr().out == "There.\n"


def test_a_recording_is_played(store, monkeypatch):
    add_recording(store, "20261121-090000-abc")
    played = []
    monkeypatch.setattr(
        "sayso.audio.player.play_blocking", lambda take, stopped: played.append(take)
    )
    history_command.history.main(["play", "20261121"], standalone_mode=False)
    assert [take.size_bytes for take in played] == [len(LOUD) * 100]
    with pytest.raises(ProblemError, match="no longer on this computer"):
        history_command.history.main(["play", "20261120"], standalone_mode=False)


def test_a_retry_without_text_keeps_the_old_text(store, monkeypatch):
    add_recording(store, "20261120-090000-abc")
    monkeypatch.setattr("sayso.cli.transcribe.create_engine", lambda *_: FakeEngine(""))
    history_command.history.main(["retry", "20261120", "--json"], standalone_mode=False)
    assert store.find("20261120").text == "Milk, two lemons."


def test_a_missing_history_is_not_created(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "none"))
    with pytest.raises(ProblemError, match="The history is empty"):
        history_command.history.main(["show", "last"], standalone_mode=False)
    assert not (tmp_path / "none").exists()
