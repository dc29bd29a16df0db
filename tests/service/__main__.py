"""Run the stand-in as a program: `python -m service --port 8123`, from tests/."""

from __future__ import annotations

import argparse
import asyncio
import signal

from .server_vad import LemonadeSession, ServerVadSession, TogetherSession
from .session import Session, Stage
from .standin import KEY, Misbehavior, StandIn, close_with, drop_connection, send_raw, stay_silent
from .vllm import VLLMSession

MISBEHAVIOR: dict[str, tuple[Stage, Misbehavior]] = {
    "no-session": ("created", stay_silent()),
    "no-ready": ("updated", stay_silent()),
    "no-final": ("final", stay_silent()),
    "drop": ("audio", drop_connection()),
    "close-1011": ("commit", close_with(1011)),
    "expire": ("audio", close_with(1001, "Your session hit the maximum duration of 60 minutes.")),
    "garbage": ("created", send_raw("\x00 not JSON")),
}
PROTOCOLS: dict[str, type[Session]] = {
    "openai": Session,
    "vllm": VLLMSession,
    "speaches": ServerVadSession,
    "lemonade": LemonadeSession,
    "together": TogetherSession,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="service", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 selects a free port")
    parser.add_argument("--recognizer", choices=["scripted", "whisper"], default="scripted")
    parser.add_argument("--text", action="append", help="one text per commit; the last one repeats")
    parser.add_argument("--language", default="en", help="language for whisper; '' detects it")
    parser.add_argument("--key", default=KEY, help="accepted API key; '' accepts all")
    parser.add_argument("--at-openai", action="store_true", help="reject a model in the address")
    parser.add_argument("--latency-s", type=float, default=0.01)
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="openai")
    parser.add_argument("--misbehave", choices=sorted(MISBEHAVIOR))
    return parser.parse_args()


async def main() -> None:
    given = arguments()
    transcribe = None
    if given.recognizer == "whisper":
        from .recognizers import whisper

        transcribe = whisper(given.language or None)
    service = StandIn(
        given.text or ["Hello from the stand-in."],
        key=given.key or None,
        transcribe=transcribe,
        at_openai=given.at_openai,
        latency_s=given.latency_s,
        session=PROTOCOLS[given.protocol],
        misbehavior=dict([MISBEHAVIOR[given.misbehave]]) if given.misbehave else None,
        port=given.port,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with service:
        print(f"ready {service.url}", flush=True)
        await stopped.wait()


asyncio.run(main())
