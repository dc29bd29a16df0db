"""Problems with speech servers: address, API key, connection, request and model.

`{server}` is the name of a known service, otherwise host and port.
"""

from __future__ import annotations

from .problem import ProblemKind

KEPT = "Your recording is kept."
TRY_AGAIN = f"{KEPT} Try again."
TRY_LATER = f"{KEPT} Try again in a moment."


def _kind(reason: str, message: str, remedy: str) -> ProblemKind:
    return ProblemKind(f"server.{reason}", message, remedy)


# Address

NO_ADDRESS = _kind("no_address", "The server has no address.", "Enter the address of the server.")
ADDRESS_HAS_KEY = _kind(
    "address_has_key",
    "The address contains a user name or a password.",
    "Enter the API key in its own field.",
)
NOT_ENCRYPTED = _kind(
    "not_encrypted",
    "The connection to {server} would not be encrypted.",
    "Use wss:// or https://, or allow this server without encryption.",
)
ADDRESS_HAS_SPACE = _kind("address_has_space", "The address contains a space.", "Enter it again.")
ADDRESS_INVALID = _kind("address_invalid", "The address is not valid.", "Enter it again.")
ADDRESS_INCOMPLETE = _kind(
    "address_incomplete",
    "The address is not complete.",
    "It starts with wss:// or https://, followed by a host name.",
)

# API key and account

KEY_REJECTED = _kind(
    "key_rejected", "{server} rejected your API key.", "Check the key, or enter another one."
)
KEY_MISSING = _kind("key_missing", "There is no API key for {server}.", "Enter your API key.")
KEYRING_LOCKED = _kind(
    "keyring_locked", "The keyring is locked.", "Unlock it, or enter the API key again."
)
PERMISSION_DENIED = _kind(
    "permission_denied",
    "Your key may not transcribe at {server}.",
    "Give it that permission, or enter another key.",
)
NO_CREDIT = _kind(
    "no_credit", "Your {server} account has no credit left.", "Add credit, or use this computer."
)
UNSUPPORTED_REGION = _kind(
    "unsupported_region",
    "{server} is not available in your country.",
    "Use this computer, or another server.",
)
SHORT_LIVED_KEY_REQUIRED = _kind(
    "short_lived_key_required",
    "{server} requires a short-lived key.",
    "Use short-lived keys for this server.",
)
NO_SHORT_LIVED_KEY = _kind(
    "no_short_lived_key",
    "{server} returned no short-lived key.",
    "Check the address of the key server.",
)

# Connection

NO_INTERNET = _kind(
    "no_internet",
    "There is no internet connection.",
    "Your recording is kept and can be transcribed later.",
)
HOST_NOT_FOUND = _kind(
    "host_not_found", "{server} was not found.", "Check the address and the network."
)
NO_SERVER = _kind(
    "no_server", "No server responds at {server}.", "Check that the server is running."
)
CLOSED_AT_ONCE = _kind(
    "closed_at_once",
    "{server} closed the connection.",
    "Change http:// to https:// in the address, or back.",
)
CONNECTION_LOST = _kind("connection_lost", "Lost the connection to {server}.", TRY_AGAIN)
NO_RESPONSE = _kind("no_response", "{server} did not respond.", TRY_AGAIN)
PROXY_FAILED = _kind(
    "proxy_failed",
    "The proxy cannot reach {server}.",
    "Check the proxy in the system settings.",
)
TLS_FAILED = _kind(
    "tls_failed",
    "There is no secure connection to {server}.",
    "Check the address and the port.",
)
CERTIFICATE_NOT_TRUSTED = _kind(
    "certificate_not_trusted",
    "The certificate of {server} is not trusted.",
    "Check the address, or sign in to this network.",
)
CERTIFICATE_NOT_YET_VALID = _kind(
    "certificate_not_yet_valid",
    "The certificate of {server} is not valid yet.",
    "Check the clock of this computer.",
)
CERTIFICATE_EXPIRED = _kind(
    "certificate_expired",
    "The certificate of {server} has expired.",
    "Check the clock of this computer.",
)
CERTIFICATE_WRONG_NAME = _kind(
    "certificate_wrong_name",
    "The certificate is not for {server}.",
    "Check the address, or sign in to this network.",
)
CAPTIVE_PORTAL = _kind(
    "captive_portal",
    "A web page answered instead of {server}.",
    "Sign in to this network, or check the address.",
)
REDIRECTED = _kind(
    "redirected",
    "{server} redirects to another address.",
    "Enter its new address, if you know it.",
)
REDIRECTED_TO = _kind(
    "redirected_to", "{server} redirects to another address.", "Enter {location}, if you trust it."
)
NOT_A_SPEECH_SERVER = _kind(
    "not_a_speech_server",
    "There is no speech server at {server}.",
    "The address may need /v1 at its end.",
)
NO_STREAMING = _kind(
    "no_streaming",
    "{server} does not accept live audio here.",
    "Check the address, or send audio after release.",
)
WEBRTC_REJECTED = _kind(
    "webrtc_rejected",
    "{server} rejected the WebRTC connection.",
    "Choose another model, or send audio uncompressed.",
)
WEBRTC_NOT_INSTALLED = _kind(
    "webrtc_not_installed",
    "WebRTC is not installed.",
    "Run pip install 'sayso[webrtc]', or send audio uncompressed.",
)
WEBRTC_NOT_SUPPORTED = _kind(
    "webrtc_not_supported",
    "{model} does not support WebRTC.",
    "Choose another model, or send audio uncompressed.",
)

# Request

BUSY = _kind("busy", "{server} is busy.", TRY_LATER)
BUSY_FOR = _kind("busy_for", "{server} is busy.", f"{KEPT} Try again in {{wait}}.")
UNAVAILABLE = _kind("unavailable", "{server} is unavailable.", TRY_LATER)
SESSION_EXPIRED = _kind("session_expired", "The session with {server} has expired.", TRY_AGAIN)
BAD_REQUEST = _kind(
    "bad_request", "{server} refused the connection.", "Check the address and the model."
)
ACCESS_DENIED = _kind(
    "access_denied", "{server} refused the connection.", "Check the API key and the address."
)
SETTINGS_REJECTED = _kind(
    "settings_rejected",
    "{server} rejected the settings.",
    "Check the address, the model and the language.",
)
SETTINGS_REJECTED_BECAUSE = _kind(
    "settings_rejected_because",
    "{server} rejected the settings: “{reason}”",
    "Check the address, the model and the language.",
)
FAILED = _kind("failed", "{server} could not transcribe this.", TRY_AGAIN)
FAILED_BECAUSE = _kind(
    "failed_because", "{server} could not transcribe this: “{reason}”", TRY_AGAIN
)
BETA_API = _kind(
    "beta_api",
    "{server} no longer supports the beta API.",
    "Remove OpenAI-Beta from the headers.",
)
OTHER_PROTOCOL = _kind(
    "other_protocol",
    "{server} uses another protocol.",
    "Choose speaches, Lemonade or Together as protocol.",
)

# Model

UNKNOWN_MODEL = _kind("unknown_model", "{server} does not know “{model}”.", "Choose another model.")
NOT_A_TRANSCRIPTION_MODEL = _kind(
    "not_a_transcription_model",
    "“{model}” is not a transcription model.",
    "Choose another model.",
)
MODEL_REQUIRED = _kind(
    "model_required",
    "{server} requires a model.",
    "Choose one, and put the model in the address.",
)
MODEL_IN_ADDRESS = _kind(
    "model_in_address",
    "{server} accepts no model in its address.",
    "Do not put the model in the address.",
)
NO_MODEL_LIST = _kind(
    "no_model_list", "The server does not list its models.", "Enter the name of the model."
)
UNKNOWN_PRESET = _kind(
    "unknown_preset", "There is no preset named “{name}”.", "The presets are: {presets}."
)
UNKNOWN_PRESET_DID_YOU_MEAN = _kind(
    "unknown_preset_did_you_mean",
    "There is no preset named “{name}”. Did you mean {close}?",
    "The presets are: {presets}.",
)
