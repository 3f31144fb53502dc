"""What a model worked out for the requests that run now: one request asks for it several times."""

from collections.abc import Callable
from typing import Generic, TypeVar

from models.schema import Context

T = TypeVar("T")
AT_ONCE = 4
"""Requests of a process that run at once without taking each other's place; more are right too, and slower."""


class Remembered(Generic[T]):
    """Values by context, of the last few; safe between threads, which may work one out twice at worst."""

    def __init__(self) -> None:
        self._held: tuple[tuple[Context, T], ...] = ()

    def of(self, context: Context, work: Callable[[Context], T]) -> T:
        """Return what ``work`` returned for this very context, or returns now."""
        for held, value in self._held:
            if held is context:
                return value
        value = work(context)
        self._held = ((context, value), *self._held[: AT_ONCE - 1])
        return value
