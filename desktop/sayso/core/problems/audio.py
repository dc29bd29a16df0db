"""Problems with the microphone, sound output and audio files."""

from __future__ import annotations

from .problem import kind

MISSING = kind("microphone.missing")
NOT_STARTED = kind("microphone.not_started")
NOT_ALLOWED = kind("microphone.not_allowed")
NOT_CONNECTED = kind("microphone.not_connected")
DEFAULT_USED = kind("microphone.default_used")
DISCONNECTED = kind("microphone.disconnected")
SILENT = kind("microphone.silent")
PORTAUDIO_MISSING = kind("microphone.portaudio_missing")
DROPOUT = kind("dropout.microphone_changed")
DROPOUT_AT_END = kind("dropout.microphone_gone")
DROPOUT_ASLEEP = kind("dropout.computer_slept")
PLAYBACK_FAILED = kind("playback.failed")
FILE_MISSING = kind("audio_file.missing")
FILE_IS_FOLDER = kind("audio_file.folder")
FILE_NOT_OPENED = kind("audio_file.not_opened")
FILE_EMPTY = kind("audio_file.empty")
FILE_UNSUPPORTED = kind("audio_file.unsupported")
FILE_WITHOUT_AUDIO = kind("audio_file.no_audio")
