"""Problems with the microphone, sound output and audio files."""

from __future__ import annotations

from .problem import ProblemKind

MISSING = ProblemKind(
    "microphone.missing",
    "No microphone was found.",
    "Connect one, or choose another.",
)
NOT_STARTED = ProblemKind(
    "microphone.not_started",
    "The microphone did not start.",
    "Another program may be using it.",
)
NOT_ALLOWED = ProblemKind(
    "microphone.not_allowed",
    "Sayso may not use the microphone.",
    "Allow it in the system settings.",
)
NOT_CONNECTED = ProblemKind(
    "microphone.not_connected",
    "The microphone “{device}” is not connected.",
    "Connect it, or use the system's default.",
)
DEFAULT_USED = ProblemKind(
    "microphone.default_used",
    "The microphone “{device}” is not connected.",
    "Sayso uses the system's default.",
)
DISCONNECTED = ProblemKind(
    "microphone.disconnected",
    "The microphone was disconnected while you spoke.",
    "What you said before is inserted.",
)
SILENT = ProblemKind(
    "microphone.silent",
    "The microphone delivers only silence.",
    "It may be muted.",
)
PORTAUDIO_MISSING = ProblemKind(
    "microphone.portaudio_missing",
    "The audio library PortAudio is not installed.",
    "Install it with: sudo apt install libportaudio2",
)

_REPEAT = "Repeat what is missing."
DROPOUT = ProblemKind(
    "dropout.microphone_changed",
    "{duration} were not recorded when the microphone changed.",
    _REPEAT,
)
DROPOUT_AT_END = ProblemKind(
    "dropout.microphone_gone",
    "The last {duration} were not recorded.",
    f"The microphone was disconnected. {_REPEAT}",
)
DROPOUT_ASLEEP = ProblemKind(
    "dropout.computer_slept",
    "{duration} were not recorded while the computer slept.",
    _REPEAT,
)

PLAYBACK_FAILED = ProblemKind(
    "playback.failed",
    "The recording cannot be played.",
    "Check whether other programs can play audio.",
)

FILE_MISSING = ProblemKind("audio_file.missing", "There is no file {path}.")
FILE_IS_FOLDER = ProblemKind("audio_file.folder", "{name} is a folder, not an audio file.")
FILE_NOT_OPENED = ProblemKind("audio_file.not_opened", "{name} cannot be opened: {reason}.")
FILE_EMPTY = ProblemKind("audio_file.empty", "{name} is empty.")
FILE_UNSUPPORTED = ProblemKind(
    "audio_file.unsupported", "{name} is not an audio file that Sayso can read."
)
FILE_WITHOUT_AUDIO = ProblemKind("audio_file.no_audio", "{name} contains no audio.")
