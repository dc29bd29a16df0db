"""`python -m faults.far HOST`, from tests/: a stand-in at the other end of a line."""

from __future__ import annotations

import asyncio
import sys

from service import StandIn

from .harness import recognize_24khz


async def main() -> None:
    async with StandIn(transcribe=recognize_24khz, live=True, host=sys.argv[1]) as service:
        sys.stdout.write(f"{service.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        drops = [record.dropped_bytes for record in service.records]
    sys.stdout.write(f"{sum(drops)} bytes dropped in {len(drops)} connections\n")


asyncio.run(main())
