"""Problems of recordings, history, export, settings file, keyring, log and command line."""

from __future__ import annotations

from .problem import ProblemKind

RECORDING_MISSING = ProblemKind(
    "recording.missing", "This recording is no longer on this computer."
)
RECORDING_UNREADABLE = ProblemKind("recording.unreadable", "This recording cannot be read.")
RECORDING_DAMAGED = ProblemKind(
    "recording.damaged", "This recording is damaged and cannot be read."
)
RECORDING_DISK_FULL = ProblemKind(
    "recording.disk_full",
    "The disk is full, so this recording is not kept.",
    "Your text is still inserted. Free some disk space.",
)
RECORDING_NOT_WRITTEN = ProblemKind(
    "recording.not_written",
    "This recording cannot be saved.",
    "Your text is still inserted. Check the folder in which Sayso keeps recordings.",
)

HISTORY_NEWER = ProblemKind(
    "history.newer",
    "The history was written by a newer version of Sayso.",
    "Install that version to see it. Dictation still works.",
)
HISTORY_DAMAGED = ProblemKind(
    "history.damaged",
    "The history was damaged, so Sayso started a new one.",
    "The damaged file is kept as {file}.",
)
HISTORY_BUSY = ProblemKind("history.busy", "Another program is using the history.", "Try again.")
HISTORY_DISK_FULL = ProblemKind(
    "history.disk_full",
    "The disk is full, so the history is not kept.",
    "Free some disk space.",
)
HISTORY_UNAVAILABLE = ProblemKind(
    "history.unavailable",
    "The history cannot be read or written.",
    "Dictation still works. Check the folder of the history.",
)
HISTORY_EMPTY = ProblemKind("history.empty", "The history is empty.")
DICTATION_UNKNOWN = ProblemKind(
    "history.dictation_unknown",
    "There is no dictation with the ID “{reference}”.",
    "List all dictations with: sayso history list",
)
DICTATION_AMBIGUOUS = ProblemKind(
    "history.dictation_ambiguous",
    "Several IDs begin with “{reference}”.",
    "Add more characters.",
)
PROGRAM_UNKNOWN = ProblemKind(
    "history.program_unknown",
    "The history has no dictations into “{program}”.",
    "Choose one of: {programs}.",
)
EXPORT_FORMAT_UNKNOWN = ProblemKind(
    "export.format_unknown",
    "The file type of “{file}” is not supported.",
    "Use {suffixes}.",
)
EXPORT_NOT_WRITTEN = ProblemKind(
    "export.not_written", "{path} cannot be written: {reason}.", "Choose another folder."
)

SETTINGS_UNREADABLE = ProblemKind(
    "settings_file.unreadable",
    "The settings in {path} cannot be read.",
    "Sayso uses the default settings.",
)
SETTINGS_DAMAGED = ProblemKind(
    "settings_file.damaged",
    "The settings file was damaged.",
    "Sayso uses the default settings. The damaged file is kept as {path}.",
)
SETTINGS_NOT_WRITTEN = ProblemKind(
    "settings_file.not_written",
    "The settings could not be written to {path}.",
    "Check the free disk space and the permissions of the folder.",
)

KEYRING_MISSING = ProblemKind(
    "keyring.missing",
    "This desktop has no keyring.",
    "Keep the API key until Sayso ends, or install gnome-keyring or KWallet and log in again.",
)
KEYRING_LOCKED = ProblemKind(
    "keyring.locked",
    "The keyring is locked.",
    "Unlock it, or enter the API key again.",
)
KEYRING_UNAVAILABLE = ProblemKind(
    "keyring.unavailable",
    "The keyring does not respond.",
    "Unlock it, or log in again.",
)
API_KEY_INVALID = ProblemKind(
    "api_key.invalid",
    "This is not an API key: it contains spaces or special characters.",
    "Copy it again.",
)
API_KEY_EMPTY = ProblemKind(
    "api_key.empty",
    "The API key is empty.",
    "Enter it, or remove the stored API key.",
)

LOG_NOT_WRITTEN = ProblemKind(
    "log.not_written",
    "Sayso cannot write to its folders, so nothing is kept.",
    "Your text is still inserted. Check {folder}.",
)

ADDRESS_REQUIRED = ProblemKind(
    "endpoint.address_required",
    "{title} needs an address.",
    "Add it, for example: --url {example}",
)
ENDPOINT_NAME_INVALID = ProblemKind(
    "endpoint.name_invalid", "“{name}” is not a valid name.", "{reason}"
)
ENDPOINT_INSECURE = ProblemKind(
    "endpoint.insecure",
    "{problem}",
    "Use an address that starts with https://, or add --allow-insecure.",
)

INVALID_MONTH = ProblemKind(
    "usage.invalid_month",
    "“{text}” is not a valid month.",
    "Use YYYY-MM, for example 2026-11.",
)
