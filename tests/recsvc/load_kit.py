"""More requests than a service can work out: sent at a steady rate, whether it keeps up or not."""

import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from running import COMES_WITHIN, Service

CLIENTS = 48
"""Connections; each is kept, and opened again where it breaks."""


@dataclass
class Load:
    """What came of the requests; seconds are from the moment at which each was due, not from when it got out."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    degraded: dict[str, int] = field(default_factory=dict)
    empty: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, due: float, status: int, answer: dict[str, Any]) -> None:
        """Keep one answer."""
        self.seconds.append(time.monotonic() - due)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        for part in answer.get("degraded", ["none"]):
            self.degraded[part] = self.degraded.get(part, 0) + 1
        self.empty += not answer.get("items")


def offer(service: Service, path: str, rate: float, seconds: float) -> Load:
    """Return what comes of ``rate`` requests a second for ``seconds``; it ends when all of them are answered."""
    load, lock = Load(), threading.Lock()
    number, began = itertools.count(), time.monotonic() + 0.1

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=COMES_WITHIN)
        while (due := began + next(number) / rate) < began + seconds:
            time.sleep(max(due - time.monotonic(), 0))
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                status, body = answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                connection.close()
                with lock:
                    load.wrong.append(repr(error))
                continue
            with lock:
                load.note(due, status, body)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load


def alone(service: Service, path: str, times: int = 9) -> float:
    """Return the seconds that a request takes while nobody else asks: the median."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        service.ask(path)
        took.append(time.monotonic() - began)
    return sorted(took)[times // 2]
