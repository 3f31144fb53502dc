"""Answers that are the same for everybody, kept for the second in which they were worked out."""

from collections.abc import Hashable
from dataclasses import dataclass

from recsvc.asking import Ask
from recsvc.desk import Served
from recsvc.serving import State

MOST = 500
"""Answers that are kept at once: a page cannot fill the memory with filters that it makes up."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One answer, ready to be sent again."""

    served: Served
    body: bytes
    """JSON without the id of the request."""


class SharedAnswers:
    """The answers of one process: of one state (models, rules, catalogue) and one second of the shop's clock, no older."""

    def __init__(self) -> None:
        self._held: tuple[State | None, int, dict[Hashable, Shared]] = (None, 0, {})

    def get(self, state: State, now: int, key: Hashable) -> Shared | None:
        """Return what was kept under ``key`` for this state and second."""
        held, second, answers = self._held
        return answers.get(key) if held is state and second == now else None

    def keep(self, state: State, now: int, key: Hashable, answer: Shared) -> None:
        """Keep an answer; those of another state or second are forgotten."""
        held, second, answers = self._held
        if held is not state or second != now:
            answers = {}
            self._held = (state, now, answers)
        if len(answers) < MOST:
            answers[key] = answer


def shared_key(carousel: str, ask: Ask) -> Hashable | None:
    """Return what the answer to nobody in particular hangs on beside the state and the second; None for a shopper's own."""
    own = ask.user_id or ask.visitor_id or ask.cart or ask.recent or ask.lately
    if own or ask.explain or ask.at is not None:
        return None
    fields = tuple(sorted(ask.fields.items()))
    return (
        carousel, fields, ask.product_id, ask.store_id, ask.size, ask.offset, ask.exclude, ask.candidates, ask.filter,
        ask.consent,
    )  # fmt: skip
