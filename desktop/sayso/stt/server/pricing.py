"""What an endpoint took for a take, written into the take. Pure."""

from __future__ import annotations

from ...core.dictation.take import Take
from ...core.problems import ProblemError
from ...core.settings import server_models as models
from ...core.settings.settings import Endpoint
from ...core.settings.urls import OPENAI_HOST, host_of
from ...core.usage import UsageRecord


def record_usage(
    take: Take, host: str, model: str, *, endpoint: str = "", seconds: float, tokens: int = 0
) -> None:
    """Add what it took; nothing happens where it took nothing.

    `seconds` are of sound: as many as the server says it worked on, else, where it gave a text,
    as were sent. `endpoint` is what its profile is called, else `host`.
    """
    if not seconds and not tokens:
        return
    cost_usd = estimate_cost_usd(host, model, seconds)
    take.add_usage(
        UsageRecord(endpoint=endpoint or host, seconds=seconds, tokens=tokens, cost_usd=cost_usd)
    )


def estimate_cost_usd(host: str, model: str, seconds: float) -> float | None:
    """What so many seconds of sound cost there; None where nobody knows: only OpenAI's prices are.

    Models that are billed by tokens are taken at their price for a minute, which is OpenAI's own
    estimate: tokens of sound and of text cost differently, and not every answer tells them apart.
    """
    return models.by_name(model).cost_usd(seconds) if host == OPENAI_HOST else None


def has_known_price(endpoint: Endpoint) -> bool:
    """Whether what it costs can be told, and so counts against a budget."""
    try:
        host = host_of(endpoint.url)
    except ProblemError:
        return False
    return estimate_cost_usd(host, endpoint.model, 1.0) is not None
