"""Checks the monthly budget before a server is used. Worker thread only.

Recording is never interrupted. If the budget is used up, the take is transcribed on the device, or
waits until the user has decided.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from ..core.problems import Problem, ProblemError
from ..core.problems.dictation import BUDGET_NEARLY_USED_UP, BUDGET_USED_UP
from ..core.settings.endpoint import ON_DEVICE
from ..core.settings.settings import Settings
from ..core.usage import budget_state, format_usd, month_name
from ..storage.usage import MonthBudget, UsageStore
from ..stt.server.pricing import has_known_price

log = logging.getLogger(__name__)


class Budget:
    def __init__(self, usage: UsageStore, on_problem: Callable[[Problem], None]) -> None:
        """`on_problem` is called once a month if the budget is nearly used up."""
        self._usage, self._on_problem = usage, on_problem

    async def refusal(self, settings: Settings) -> Problem | None:
        """Return the problem if the selected engine may not be used now, else None.

        Endpoints without a known price are never refused.
        """
        budget_usd = settings.monthly_budget_usd
        if not budget_usd or settings.engine == ON_DEVICE or not has_known_price(settings.endpoint):
            return None
        today = dt.datetime.now().astimezone().date()
        try:
            return await self._check(await asyncio.to_thread(self._usage.month, today), budget_usd)
        except ProblemError as error:  # reported already when usage was recorded
            log.warning("The budget could not be checked: %s", error.problem.message)
            return None

    async def _check(self, month: MonthBudget, budget_usd: float) -> Problem | None:
        state, name = budget_state(month.spent_usd, budget_usd), month_name(month.month)
        if state == "over" and month.approved_usd < budget_usd:
            return BUDGET_USED_UP(month=name)
        if state == "near" and month.warned_usd < budget_usd:
            await asyncio.to_thread(self._usage.mark_warned, month.month, budget_usd)
            left = format_usd(budget_usd - month.spent_usd)
            problem = BUDGET_NEARLY_USED_UP(month=name, left=left, budget=format_usd(budget_usd))
            self._on_problem(problem)
        return None
