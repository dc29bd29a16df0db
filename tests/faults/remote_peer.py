"""Stand-in at the remote end of a link: `python -m faults.remote_peer HOST`, from tests/."""

from __future__ import annotations

import asyncio
import sys

from service import StandIn

from .harness import recognize_24khz


def report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    async with StandIn(transcribe=recognize_24khz, live=True, host=sys.argv[1]) as service:
        report(service.url)
        await asyncio.to_thread(sys.stdin.read)
        dropped = [record.dropped_bytes for record in service.records]
    report(f"{sum(dropped)} bytes dropped in {len(dropped)} connections")


asyncio.run(main())
