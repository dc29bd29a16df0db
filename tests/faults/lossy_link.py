"""Network link between two namespaces that loses and delays packets and can go down.

The link consists of two TUN devices whose packets pass through this module, so real packets of
real TCP are lost and delayed. Needs root and `ip` (iproute2). `tc netem` is not used, because the
kernels of the test machines do not have it ("Specified qdisc kind is unknown").
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Self

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
"""Source: include/uapi/linux/if_tun.h."""
LOCAL_ADDRESS, REMOTE_ADDRESS = "10.83.0.1", "10.83.0.2"
MTU = 1500
_NUMBERS = itertools.count(1)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class LossyLink:
    """Link from `local_namespace` to `remote_namespace`, whose address is `REMOTE_ADDRESS`."""

    def __init__(self, loss: float = 0.0, delay_s: float = 0.0, seed: int = 1) -> None:
        """`loss` (0.0 to 1.0) and `delay_s` apply to each direction."""
        self.loss, self.delay_s = loss, delay_s
        self.carried = self.lost = 0
        self._random = random.Random(seed)
        name = f"{os.getpid():x}-{next(_NUMBERS)}"
        self.local_namespace, self.remote_namespace = f"sayso-local-{name}", f"sayso-remote-{name}"
        self._devices = f"sn{name}", f"sf{name}"
        self._stack = contextlib.ExitStack()
        self._thread = threading.Thread(target=self._forward, name="link")

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            places = (
                (self.local_namespace, LOCAL_ADDRESS),
                (self.remote_namespace, REMOTE_ADDRESS),
            )
            self._ends = [
                stack.enter_context(_namespace(device, space, address))
                for device, (space, address) in zip(self._devices, places, strict=True)
            ]
            wake, self._ended = os.pipe()
            self._wake = wake
            for pipe in (wake, self._ended):
                stack.callback(os.close, pipe)
            self._thread.start()
            stack.callback(self._thread.join, 5)
            stack.callback(os.write, self._ended, b"x")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def down(self) -> None:
        """Take the local device down, as if its cable had been pulled out."""
        ip("-n", self.local_namespace, "link", "set", self._devices[0], "down")

    def up(self) -> None:
        ip("-n", self.local_namespace, "link", "set", self._devices[0], "up")

    def local_command(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.local_namespace, *command]

    def remote_command(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.remote_namespace, *command]

    def _forward(self) -> None:
        """Run the thread that forwards packets."""
        waiting: list[tuple[float, int, int, bytes]] = []
        numbers = itertools.count()
        other = dict(zip(self._ends, reversed(self._ends), strict=True))
        while True:
            wait_s = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
            ready, _, _ = select.select([*self._ends, self._wake], [], [], wait_s)
            if self._wake in ready:
                return
            for end in ready:
                packet = os.read(end, MTU + 100)
                self.carried += 1
                if self._random.random() < self.loss:
                    self.lost += 1
                    continue
                at_s = time.monotonic() + self.delay_s
                heapq.heappush(waiting, (at_s, next(numbers), other[end], packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, end, packet = heapq.heappop(waiting)
                with contextlib.suppress(OSError):  # that device is down
                    os.write(end, packet)


@contextlib.contextmanager
def _namespace(device: str, space: str, address: str) -> Iterator[int]:
    """Create a namespace with one device and yield the device's packet file descriptor."""
    end = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
        ip("netns", "add", space)
        try:
            ip("link", "set", device, "netns", space)
            ip("-n", space, "address", "add", f"{address}/24", "dev", device)
            for name in ("lo", device):
                ip("-n", space, "link", "set", name, "up")
            yield end
        finally:
            ip("netns", "delete", space)
    finally:
        os.close(end)
