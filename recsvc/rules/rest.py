"""Where long work can be interrupted: called often, and the caller of the work decides what happens then."""

from collections.abc import Callable
from typing import Any, TypeAlias

Rest: TypeAlias = Callable[[], None]


def no_rest() -> None:
    """Go on at once."""


def let_go(held: list[Any], rest: Rest) -> None:
    """Forget what only ``held`` holds, one by one: a great many things that die at once keep every thread waiting."""
    while held:
        held.pop()
        rest()
