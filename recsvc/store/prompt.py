"""Connections to PostgreSQL that answer in time or fail: the limits are ours, and hold for a server that is frozen or gone.

Connecting is done by a thread beside the requests, since neither the look-up of a name nor the driver can be told to end
within milliseconds. Who asked gives up in time; a connection that comes later is the next one's.
"""

import os
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from recsvc.store.database import POSTGRESQL

ANSWER_MS = 100
"""Milliseconds that a read on PostgreSQL may take, and that a request waits for a connection, unless told otherwise."""
PATIENT_MS = 5_000
"""The same for commands, which nobody waits for."""
LOOK_SECONDS = 0.1
"""Pause between two looks of the driver at signals."""
T = TypeVar("T")


class Prompt(psycopg.Connection[Any]):
    """A connection that gives every statement a bounded time; to be closed once one took longer."""

    seconds = ANSWER_MS / 1000
    """For each statement."""

    def wait(self, gen: PQGen[T], interval: float = LOOK_SECONDS, timeout: float | None = None) -> T:
        """Return what a statement gives; raises psycopg.OperationalError where that takes too long."""
        return super().wait(gen, interval, self.seconds if timeout is None else timeout)


class Dialler:
    """Makes connections to one URL; works in whatever process calls it, after a fork too."""

    def __init__(self, url: str, wait_ms: int = ANSWER_MS) -> None:
        """Make a dialler of ``url``; ``wait_ms``: milliseconds for a connection, and for each of its statements."""
        self.url, self.wait_ms = url, wait_ms
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._spare: deque[Prompt] = deque()  # made too late for who asked
        self._under_way: set[Future[Prompt]] = set()

    def connection(self) -> Prompt:
        """Return a connection of the caller's own.

        Raises:
            TimeoutError: there is none in time.
            psycopg.Error: there is none at all.
        """
        if self._pid != os.getpid():
            self._begin()
        try:
            return self._spare.popleft()
        except IndexError:
            pass
        if any(one.cancelled() for one in tuple(self._under_way)):
            raise TimeoutError("the connection that was asked for before is not there yet")
        asked: Future[Prompt] = Future()
        self._under_way.add(asked)
        threading.Thread(target=self._dial, args=(asked,), name="recsvc-connects", daemon=True).start()
        try:
            return asked.result(self.wait_ms / 1000)
        except TimeoutError:
            if asked.cancel():
                raise
            return asked.result()  # it came in this moment

    def close(self) -> None:
        """Close the connections that nobody took."""
        while self._spare and self._pid == os.getpid():
            self._spare.popleft().close()

    def _dial(self, asked: "Future[Prompt]") -> None:
        made: Prompt | None = None
        failed: Exception | None = None
        try:
            told: dict[str, Any] = {**POSTGRESQL, "options": f"-c statement_timeout={self.wait_ms}"}
            made = Prompt.connect(self.url, autocommit=True, **told)
            made.seconds = self.wait_ms / 1000
        except Exception as error:  # whatever it is, who asked is told
            failed = error
        if asked.set_running_or_notify_cancel():
            if made is None:
                asked.set_exception(failed)
            else:
                asked.set_result(made)
        elif made is not None:
            self._spare.append(made)
        self._under_way.discard(asked)
