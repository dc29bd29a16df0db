"""Cost of a take. Pure."""

from __future__ import annotations

from ...core.dictation.take import Take
from ...core.problems import ProblemError
from ...core.settings import server_models
from ...core.settings.endpoint import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of
from ...core.usage import UsageRecord


def record_usage(
    take: Take, host: str, model: str, endpoint: str, seconds: float, tokens: int = 0
) -> None:
    """Add usage and cost to the take, if there is any.

    `seconds` is the audio that the server reports, or the audio that was sent if it reports none.
    """
    if seconds or tokens:
        cost_usd = estimate_cost_usd(host, model, seconds)
        take.usage.append(
            UsageRecord(endpoint=endpoint, seconds=seconds, tokens=tokens, cost_usd=cost_usd)
        )


def estimate_cost_usd(host: str, model: str, seconds: float) -> float | None:
    """Return the price of `seconds` of audio; None if unknown, as for every server but OpenAI.

    For models that are billed by tokens this is OpenAI's own estimate per minute, because tokens
    of audio and text have different prices and not every response separates them.
    """
    return server_models.by_name(model).cost_usd(seconds) if host == OPENAI_HOST else None


def has_known_price(endpoint: Endpoint) -> bool:
    """True if the price is known, so that the endpoint counts against the budget."""
    try:
        host = host_of(endpoint.url)
    except ProblemError:
        return False
    return estimate_cost_usd(host, endpoint.model, 1.0) is not None
