"""Problems of on-device recognition and of its models."""

from __future__ import annotations

from .problem import ProblemKind

_PART_KEPT = "The downloaded part is kept, and the next download continues from there."
_CHECK_FOLDER = "Check that this folder can be written."

NOT_INSTALLED = ProblemKind(
    "model.not_installed",
    "On-device recognition is not installed.",
    "Install it with: pip install 'sayso[on-device]'.",
)
OUT_OF_MEMORY = ProblemKind(
    "model.out_of_memory",
    "There is not enough memory for this model.",
    "Choose a smaller model, or close other programs.",
)
TRANSCRIPTION_FAILED = ProblemKind(
    "model.transcription_failed",
    "This computer could not transcribe the recording.",
    "Your recording is kept.",
)
TOO_SLOW = ProblemKind(
    "model.too_slow",
    "This computer took too long to transcribe the recording.",
    "Your recording is kept.",
)
LOAD_FAILED = ProblemKind(
    "model.load_failed",
    "The model {model} could not be loaded.",
    "Download it again, or choose another model.",
)

UNKNOWN = ProblemKind(
    "model.unknown",
    "There is no model called {name}.",
    "See them all with: sayso models list.",
)
MISSPELLED = ProblemKind(
    "model.misspelled",
    "There is no model called {name}. Did you mean {suggestion}?",
    "See them all with: sayso models list.",
)
NOT_DOWNLOADED = ProblemKind(
    "model.not_downloaded",
    "The model {model} is not downloaded yet.",
    "Download it ({size}), or choose another model.",
)
DOWNLOAD_REQUIRED = ProblemKind(
    "model.download_required",
    "The model {model} is not downloaded yet.",
    "Download it with: sayso models download {name}",
)
DAMAGED = ProblemKind(
    "model.damaged",
    "The model {model} is damaged: {files} in {folder}.",
    "Download it again with: sayso models download {name}",
)
PACKAGE_DAMAGED = ProblemKind(
    "model.package_damaged",
    "The model {model} is damaged: {file} differs from the published file.",
    "Install it again with: pip install --force-reinstall {packages}",
)
NO_SPACE = ProblemKind(
    "model.no_space",
    "There is not enough disk space: {needed} needed, {free} free.",
    "Free some space, or choose a smaller model.",
)
NOT_SAVED = ProblemKind(
    "model.not_saved",
    "The model {model} cannot be saved in {folder}.",
    _CHECK_FOLDER,
)

NOT_REMOVED = ProblemKind(
    "model.not_removed",
    "The model {model} cannot be removed from {folder}.",
    _CHECK_FOLDER,
)
DOWNLOADING = ProblemKind(
    "model.downloading",
    "The model {model} is being downloaded.",
    "Wait for it, or cancel the download first.",
)
IN_USE = ProblemKind("model.in_use", "The model {model} is in use.", "Use another model first.")
NOT_PRESENT = ProblemKind("model.not_present", "The model {model} is not on this computer.")
SHARED = ProblemKind(
    "model.shared",
    "The model {model} is in the cache that other programs share.",
    "Sayso does not change that cache.",
)
PACKAGED = ProblemKind(
    "model.packaged", "The model {model} came in an installed package.", "Remove it with pip."
)

INTERRUPTED = ProblemKind("model.download_interrupted", "The download was interrupted.", _PART_KEPT)
DOWNLOAD_DAMAGED = ProblemKind(
    "model.download_damaged",
    "The download of {model} is damaged ({file}).",
    "Download it again, perhaps from another network.",
)
HUB_BUSY = ProblemKind(
    "model.hub_busy",
    "{hub} is busy.",
    f"Try again in a few minutes. {_PART_KEPT}",
)
WITHDRAWN = ProblemKind(
    "model.withdrawn",
    "{hub} no longer offers the model {model}.",
    "Choose another model.",
)
UNEXPECTED_RESPONSE = ProblemKind(
    "model.unexpected_response",
    "{hub} sent an unexpected response.",
    _PART_KEPT,
)
NOT_ENCRYPTED = ProblemKind(
    "model.not_encrypted",
    "{hub} redirects to an address that is not encrypted.",
    "Try again from another network.",
)
PROXY_FAILED = ProblemKind(
    "model.proxy_failed",
    "The proxy cannot reach {hub}.",
    "Check the proxy settings.",
)
CERTIFICATE_NOT_TRUSTED = ProblemKind(
    "model.certificate_not_trusted",
    "The certificate of {hub} is not trusted.",
    "Try again from another network.",
)
OFFLINE = ProblemKind("model.offline", "There is no internet connection.", _PART_KEPT)
NO_RESPONSE = ProblemKind("model.no_response", "{hub} did not answer.", _PART_KEPT)
