"""Asks before a month's budget is passed, and warns once before that. Loop thread only.

It decides before a server is contacted. Recording goes on all the same; what was said is read
by this computer, or waits until the person has answered.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from ..core.problems import Problem, ProblemError, untyped_problem
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings
from ..core.usage import budget_state, format_usd, month_name
from ..storage.usage import MonthBudget, UsageStore
from ..stt.server.pricing import has_known_price

log = logging.getLogger(__name__)

UNTIL = "Nothing is sent until you choose."


class Budget:
    def __init__(self, ledger: UsageStore, report_problem: Callable[[Problem], None]) -> None:
        """`warned` is told once a month that little is left."""
        self._ledger, self._report_problem = ledger, report_problem

    async def refusal(self, settings: Settings) -> Problem | None:
        """Why the engine these settings choose may not be asked now; None: it may.

        Endpoints whose price nobody knows are never refused.
        """
        budget_usd = settings.monthly_budget_usd
        if not budget_usd or settings.engine == ON_DEVICE or not has_known_price(settings.endpoint):
            return None
        try:
            month = await asyncio.to_thread(self._ledger.month, _today())
            return await self._check_month(month, budget_usd)
        except ProblemError as error:  # told already when something was to be counted
            log.warning("The budget is not known: %s", error.problem.message)
            return None

    async def _check_month(self, month: MonthBudget, budget_usd: float) -> Problem | None:
        state, name = budget_state(month.spent_usd, budget_usd), month_name(month.month)
        if state == "over" and month.approved_usd < budget_usd:
            return untyped_problem(f"{name}’s budget is used up.", UNTIL, "budget")
        if state == "near" and month.warned_usd < budget_usd:
            await asyncio.to_thread(self._ledger.mark_warned, month.month, budget_usd)
            left = format_usd(budget_usd - month.spent_usd)
            what = f"{name}’s budget is nearly used up."
            self._report_problem(
                untyped_problem(what, f"{left} of {format_usd(budget_usd)} is left.", "usage")
            )
        return None


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()
