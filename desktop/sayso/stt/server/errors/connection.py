"""Why there is no connection: what Python raises, as problems a person can act on. Pure."""

from __future__ import annotations

import socket
import ssl

from ....core.problems import Problem, untyped_problem
from ....core.settings.urls import OPENAI_HOST
from . import messages

NOT_TRUSTED = (
    "The certificate of {host} is not trusted.",
    "Check the address, or sign in to this network.",
)
CERTIFICATE_ERRORS = {
    9: ("The certificate of {host} is not valid yet.", "Check the clock of this computer."),
    10: ("The certificate of {host} has expired.", "Check the clock of this computer."),
    62: ("The certificate is not for {host}.", NOT_TRUSTED[1]),
    64: ("The certificate is not for {host}.", NOT_TRUSTED[1]),
}
"""By OpenSSL's X509_V_ERR numbers."""


def connection_failed(host: str, error: Exception) -> Problem:
    """From what was raised while connecting, whichever library connects."""
    detail = error_detail(host, error)
    match error:
        case TimeoutError():
            return messages.no_response(host, detail)
        case ssl.SSLError():
            return _tls_problem(host, error, detail)
        case ImportError():  # python-socks is not there
            return proxy_failed(host, detail)
        case OSError() if host == OPENAI_HOST and not isinstance(error, ConnectionResetError):
            remedy = f"{messages.RECORDING_KEPT[:-1]} and can be recognised later."
            return untyped_problem(
                "There is no internet.", remedy, "try-again", detail, retry_after_s=0.0
            )
        case OSError():
            return _network_problem(host, error, detail)
        case _:
            return messages.not_a_speech_server(host, detail)


def proxy_failed(host: str, detail: str) -> Problem:
    what = f"The proxy does not lead to {host}."
    return untyped_problem(what, "Check the proxy in the system settings.", "try-again", detail)


def error_detail(host: str, error: Exception) -> str:
    return f"{host}: {type(error).__name__}: {messages.redact(str(error))}"


def _tls_problem(host: str, error: ssl.SSLError, detail: str) -> Problem:
    if isinstance(error, ssl.SSLCertVerificationError):
        what, remedy = CERTIFICATE_ERRORS.get(error.verify_code, NOT_TRUSTED)
        what = what.format(host=host)
    else:
        what, remedy = (
            f"There is no secure connection to {host}.",
            "Check the address and the port.",
        )
    cut = isinstance(error, ssl.SSLEOFError)  # in mid-handshake: by the network, most likely
    return untyped_problem(what, remedy, "recognition", detail, retry_after_s=0.0 if cut else None)


def _network_problem(host: str, error: OSError, detail: str) -> Problem:
    """All of it may pass: a server starts, a network comes back."""
    match error:
        case ConnectionResetError() if host != OPENAI_HOST:
            what, remedy = (
                f"{host} hung up at once.",
                "Change http:// to https:// in the address, or back.",
            )
        case ConnectionResetError():
            return messages.connection_lost(host, detail)
        case socket.gaierror():
            what, remedy = (
                f"{host} was not found.",
                "Check the address and the network.",
            )
        case _:
            what, remedy = f"Nothing answers at {host}.", "Is the server running?"
    return untyped_problem(what, remedy, "recognition", detail, retry_after_s=0.0)
