"""Reports kept for a moment: they read much, and whoever looks at a page loads it again and again."""

import threading
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

HOLD_SECONDS = 60.0


class Held:
    """What was worked out lately, one thing at a time."""

    def __init__(self, seconds: float = HOLD_SECONDS) -> None:
        self.seconds = seconds
        self._turn = threading.Lock()
        self._held: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what ``make`` returned for ``key``, at most ``seconds`` ago."""
        with self._turn:
            now = monotonic()
            self._held = {one: held for one, held in self._held.items() if now - held[0] < self.seconds}
            if key not in self._held:
                self._held[key] = (now, make())
            return self._held[key][1]
