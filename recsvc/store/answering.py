"""Whether a store answers: all threads of a process know, so that one of them tries again while the others do without."""

import threading
from collections.abc import Callable
from time import monotonic

REST_SECONDS = 1.0
"""How long nobody asks a store that did not answer."""


class Answering:
    """What the last answers of a store say of the next one."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._rests_until: float | None = None  # None: it answers
        self._tried = False

    def may_ask(self) -> bool:
        """Return whether to ask; ``tell`` what came of it then.

        After a failure nobody may for ``REST_SECONDS``, and then one at a time until it answers.
        """
        if self._rests_until is None:
            return True
        with self._turn:
            down = self._rests_until is not None  # it may answer again meanwhile
            if down and (self._tried or self._clock() < self._rests_until):
                return False
            self._tried = down
            return True

    def tell(self, answered: bool) -> None:
        """Take over what came of a question."""
        if answered and self._rests_until is None:
            return
        with self._turn:
            self._tried = False
            self._rests_until = None if answered else self._clock() + REST_SECONDS
