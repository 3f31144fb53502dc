"""Answers that are the same for everybody, kept for the second in which they were worked out."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from recsvc.asking import Ask
from recsvc.desk import Served
from recsvc.serving import State

CROWDED = "recsvc.crowded"
"""Key of the WSGI environment: the worker is crowded, and the query was made that of nobody."""
MOST = 1_000
"""Answers that are kept at once: a page cannot fill the memory with filters that it makes up."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One answer, ready to be sent again."""

    served: Served
    body: bytes
    """JSON without the id of the request."""
    seen: Mapping[str, Any]
    """What the access log tells of it."""

    def with_id(self, request_id: str) -> bytes:
        """Return the JSON with the id of a request."""
        return with_id(self.body, request_id)


def with_id(body: bytes, request_id: str) -> bytes:
    """Return a JSON object, not empty, with the id of a request before all else: a safe id needs no escapes."""
    return b'{"request_id":"' + request_id.encode() + b'",' + body[1:]


class SharedAnswers:
    """The answers of one process: of one state (models, rules, catalogue) and one second of the shop's clock, no older."""

    def __init__(self) -> None:
        self._held: tuple[State | None, int, dict[Hashable, Any]] = (None, 0, {})

    def get(self, state: State, now: int, key: Hashable) -> Any:
        """Return what was kept under ``key`` for this state and second, or None."""
        held, second, answers = self._held
        return answers.get(key) if held is state and second == now else None

    def keep(self, state: State, now: int, key: Hashable, answer: Any) -> None:
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
