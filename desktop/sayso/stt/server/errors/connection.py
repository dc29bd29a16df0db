"""Why there is no connection: what Python raises, as problems a person can act on. Pure."""

from __future__ import annotations

import socket
import ssl

from ....core.problems import Problem
from ..urls import OPENAI
from . import messages

NOT_TRUSTED = (
    "The certificate of {host} is not trusted.",
    "Check the address, or sign in to this network.",
)
CERTIFICATES = {
    9: ("The certificate of {host} is not valid yet.", "Check the clock of this computer."),
    10: ("The certificate of {host} has expired.", "Check the clock of this computer."),
    62: ("The certificate is not for {host}.", NOT_TRUSTED[1]),
    64: ("The certificate is not for {host}.", NOT_TRUSTED[1]),
}
"""By OpenSSL's X509_V_ERR numbers."""


def unreachable(host: str, error: Exception) -> Problem:
    """From what was raised while connecting, whichever library connects."""
    detail = detail_of(host, error)
    match error:
        case TimeoutError():
            return messages.no_answer(host, detail)
        case ssl.SSLError():
            return _not_secure(host, error, detail)
        case ImportError():  # python-socks is not there
            return by_proxy(host, detail)
        case OSError() if host == OPENAI and not isinstance(error, ConnectionResetError):
            remedy = f"{messages.KEPT[:-1]} and can be recognised later."
            return Problem("There is no internet.", remedy, "try-again", detail, again_s=0.0)
        case OSError():
            return _nobody_there(host, error, detail)
        case _:
            return messages.not_a_speech_server(host, detail)


def by_proxy(host: str, detail: str) -> Problem:
    what = f"The proxy does not lead to {host}."
    return Problem(what, "Check the proxy in the system settings.", "try-again", detail)


def detail_of(host: str, error: Exception) -> str:
    return f"{host}: {type(error).__name__}: {messages.said(str(error))}"


def _not_secure(host: str, error: ssl.SSLError, detail: str) -> Problem:
    if isinstance(error, ssl.SSLCertVerificationError):
        what, remedy = CERTIFICATES.get(error.verify_code, NOT_TRUSTED)
        what = what.format(host=host)
    else:
        what, remedy = (
            f"There is no secure connection to {host}.",
            "Check the address and the port.",
        )
    cut = isinstance(error, ssl.SSLEOFError)  # in mid-handshake: by the network, most likely
    return Problem(what, remedy, "recognition", detail, again_s=0.0 if cut else None)


def _nobody_there(host: str, error: OSError, detail: str) -> Problem:
    """All of it may pass: a server starts, a network comes back."""
    match error:
        case ConnectionResetError() if host != OPENAI:
            what, remedy = (
                f"{host} hung up at once.",
                "Change http:// to https:// in the address, or back.",
            )
        case ConnectionResetError():
            return messages.lost(host, detail)
        case socket.gaierror():
            what, remedy = (
                f"{host} was not found.",
                "Check the address and the network.",
            )
        case _:
            what, remedy = f"Nothing answers at {host}.", "Is the server running?"
    return Problem(what, remedy, "recognition", detail, again_s=0.0)
