"""What the interface may ask of the rest of the program; `app` fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from ..core.problems import Problem
from ..core.settings.settings import Endpoint, HistorySettings, Settings
from ..core.usage import DailyUsage
from ..stt.ondevice.models.catalog import ModelStatus


@attrs.frozen(kw_only=True)
class Actions:
    """What the interface may ask for; each returns at once unless marked slow."""

    start_hands_free: Callable[[], None]
    stop: Callable[[], None]
    cancel: Callable[[], None]
    retry: Callable[[], None]
    """Recognise the last failed take again."""
    insert_held: Callable[[], None]
    copy_text: Callable[[], None]
    """The held words, else the last ones."""
    dismiss: Callable[[], None]
    change_setting: Callable[[str, object], Problem | None]
    """One setting by its dotted key: saved and in force at once, or why not."""
    edit_settings: Callable[[Callable[[Settings], Settings]], Problem | None]
    """Several at once; the function may raise ProblemError."""
    open_settings: Callable[[str], None]
    """By the page's name."""
    open_history: Callable[[], None]
    reinsert: Callable[[str, int], None]
    """The words of the take with this id, as soon as another window than this one has the focus."""
    transcribe_again: Callable[[str, str], str]
    """Slow; by id, and by whom: 'on-device', an endpoint's name, or '' for the chosen one. The
    words, which are in the history then; ProblemError where it fails."""
    play: Callable[[str, Callable[[Problem | None], None]], None]
    """The recording of the take with this id; then what it is given is called, in the main
    thread."""
    stop_playing: Callable[[], None]
    copy: Callable[[str], None]
    count_expired: Callable[[HistorySettings | None], int]
    """Slow. How many takes this rule would delete now; None: how many there are."""
    delete_history: Callable[[], None]
    usage_of_month: Callable[[str], list[DailyUsage]]
    """Slow. Of a month: 2026-11."""
    approve_budget: Callable[[], None]
    """The budget of this month is used up, and the person goes on all the same."""
    quit: Callable[[], None]
    microphones: Callable[[], Mapping[str, str]]
    """Slow. What the setting holds, and what a person calls it."""
    start_level_meter: Callable[[Callable[[float], None]], Callable[[], None]]
    """Start the level meter, which calls with dBFS from another thread; returns how to stop."""
    record_hotkey: Callable[[Callable[[str], None]], Callable[[], None]]
    """Report the next chord pressed anywhere ('' for Esc), from another thread; returns stop."""
    api_key_location: Callable[[str], str]
    """Slow. Where the key for a host is: "keyring", "run", "environment" or ""."""
    store_api_key: Callable[[str, str], None]
    """Slow; ProblemError where there is no keyring. Host, key."""
    keep_api_key_in_memory: Callable[[str, str], None]
    delete_api_key: Callable[[str], None]
    test_connection: Callable[[], str]
    """Slow; one sentence on success, ProblemError otherwise."""
    fetch_models: Callable[[Endpoint], Sequence[str]]
    """Slow. What the server says it has; ProblemError where it does not."""
    list_models: Callable[[], list[ModelStatus]]
    """Slow. Also tells how downloads go."""
    download_model: Callable[[str], None]
    """Begin, or go on."""
    cancel_download: Callable[[str], None]
    remove_model: Callable[[str], None]
    """Slow; ProblemError where it cannot be removed."""
