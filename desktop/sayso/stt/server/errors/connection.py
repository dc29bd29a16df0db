"""Translate exceptions raised while connecting into problems. Pure."""

from __future__ import annotations

import socket
import ssl

from ....core.problems import Problem
from ....core.problems import server as problems
from ....core.settings.urls import OPENAI_HOST
from .messages import kinds_by_value, not_a_speech_server, server_problem
from .redaction import redact

CERTIFICATE_ERRORS = kinds_by_value("certificates")


def connection_failed(host: str, error: Exception) -> Problem:
    """Return the problem for an exception of any library that was raised while connecting."""
    detail = error_detail(host, error)
    retry_after_s = None
    match error:
        case TimeoutError():
            kind = problems.NO_RESPONSE
        case ssl.SSLCertVerificationError(verify_code=number):
            kind = CERTIFICATE_ERRORS.get(number, problems.CERTIFICATE_NOT_TRUSTED)
        case ssl.SSLEOFError():  # most likely a network that was interrupted
            kind, retry_after_s = problems.TLS_FAILED, 0.0
        case ssl.SSLError():
            kind = problems.TLS_FAILED
        case ImportError():  # a SOCKS proxy without the package python-socks
            kind = problems.PROXY_FAILED
        case ConnectionResetError():
            openai = host == OPENAI_HOST
            kind = problems.CONNECTION_LOST if openai else problems.CLOSED_AT_ONCE
        case OSError() if host == OPENAI_HOST:
            kind = problems.NO_INTERNET
        case socket.gaierror():
            kind = problems.HOST_NOT_FOUND
        case OSError():
            kind = problems.NO_SERVER
        case _:
            return not_a_speech_server(host, detail)
    return server_problem(kind, host, detail, retry_after_s)


def proxy_failed(host: str, error: Exception, retry_after_s: float | None = None) -> Problem:
    return server_problem(problems.PROXY_FAILED, host, error_detail(host, error), retry_after_s)


def error_detail(host: str, error: Exception) -> str:
    return f"{host}: {type(error).__name__}: {redact(str(error))}"
