"""vocalbin as a program: 24 kHz s16le from stdin to the address given, its events to stdout.

Run by the Python of the clients' environment, with the key in API_KEY.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator

from vocalbin.openai.realtime import AudioStreamInput, Provider, TranscriberBuilder


async def audio() -> AsyncIterator[bytes]:
    while chunk := sys.stdin.buffer.read(4_800):
        yield chunk
        await asyncio.sleep(0.05)  # twice as fast as it was spoken


async def main(url: str, model: str) -> None:
    provider = Provider(os.environ["API_KEY"], safety_identifier="somebody", base_url=url)
    builder = TranscriberBuilder().model(model).language("en").delay("low")
    builder = builder.noise_reduction("near_field").include_logprobs(model.startswith("gpt-4o"))
    transcriber = builder.audio_input(AudioStreamInput(audio())).provider(provider).build()
    async with transcriber:
        async for event in transcriber.stream():
            fields = event.model_dump(mode="json")
            sys.stdout.write(json.dumps({"event": type(event).__name__, **fields}) + "\n")


asyncio.run(main(*sys.argv[1:]))
