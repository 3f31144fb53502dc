"""The watcher: looks at the live version and the rules file by polling, and renews what is live beside the requests.

Polling, since watching by inotify misses the second rename of a file and every second swap of a Kubernetes volume.
"""

import threading
import time
from dataclasses import replace

from recsvc.following import CATALOGUE
from recsvc.marks import Mark, mark_of
from recsvc.serving import Live
from recsvc.state import Look
from recsvc.telemetry import log_crash

DEEP_SECONDS = 10.0
"""Pause between two looks at the content, and between two tries at what did not load."""


class Watcher:
    """Renews ``live`` of one process; start it after the fork."""

    def __init__(self, live: Live, poll_seconds: float) -> None:
        self.live, self.poll_seconds = live, poll_seconds
        self._mark = mark_of(live.rules)  # at the last look
        self._lists = live.lists_now()
        self._settled: Look | None = None  # the last content that two looks in a row agreed on
        self._settled_mark: Mark | None = None
        self._deep = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recsvc-watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking, and wait for the look under way."""
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Look once, and load what changed; rules and lists only when two looks in a row see the same."""
        mark = mark_of(self.live.rules)
        lists = self.live.lists_now()
        same, self._mark, self._lists = (mark, lists) == (self._mark, self._lists), mark, lists
        deep = time.monotonic() - self._deep >= DEEP_SECONDS
        if same and (deep or self._settled is None or mark != self._settled_mark):
            self._settled, self._settled_mark = self.live.look(), mark
        if self._settled is None:
            return
        look = replace(self._settled, folder=self.live.registry.current())
        retry = deep and any(one.part != CATALOGUE for one in self.live.state.troubles)
        if deep:
            self._deep = time.monotonic()
        if look.key != self.live.tried or retry or (same and self.live.lists_moved()):
            self.live.renew(look)
        self.live.look_ahead()

    def _run(self) -> None:
        while not self._stop.wait(self.poll_seconds):
            try:
                self.check()
            except Exception as error:  # whatever it is, the watching goes on
                log_crash(error, "watcher")
