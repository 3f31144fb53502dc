"""Which answers are kept, so that clicks and purchases can be told to them."""

from collections.abc import Iterator, Mapping, Sequence

from models.experiments import Results
from recsvc.asking import Answer, Ask
from recsvc.draw import draw
from recsvc.rules.experiments import tested_on
from recsvc.rules.pool import PIN
from recsvc.rules.schema import NO_RULES, RuleSet
from recsvc.store.exposure_log import ExposureLog
from recsvc.store.exposures import Exposure

Tests = Mapping[str, frozenset[str] | None]
"""Experiment on rules -> the carousels that its rules are about; None: all."""


class Exposer:
    """Hands what is to be kept of answers to the log, on the request path but without waiting."""

    def __init__(self, results: Results, log: ExposureLog) -> None:
        self.results, self.log = results, log
        self._tests: tuple[RuleSet, Tests] = (NO_RULES, {})

    def note(self, answers: Sequence[Answer], ask: Ask, request_id: str, now: int, rules: RuleSet | None) -> None:
        """Keep what is to be kept of the answers to one request.

        Nothing of an answer to nobody, to a shopper without consent, to a look ahead or to a look into the machinery;
        of the others those with an experiment, and all of a share of the shoppers.
        """
        who = ask.user_id or ask.visitor_id
        if not who or not ask.consent or ask.at is not None or ask.explain:
            return
        everything = draw(who, "results") < self.results.share
        if everything or any(answer.experiments for answer in answers):
            tests = self._tests_of(rules or NO_RULES)
            self.log.put(list(_exposures(answers, ask, request_id, now, tests, everything=everything)))

    def _tests_of(self, rules: RuleSet) -> Tests:
        """Return the experiments of the rules; those of the last ones are kept, since they are read at each request."""
        held, tests = self._tests
        if held is not rules:
            self._tests = rules, (tests := tested_on(rules))
        return tests


def _exposures(
    answers: Sequence[Answer], ask: Ask, request_id: str, now: int, tests: Tests, *, everything: bool
) -> Iterator[Exposure]:
    for answer in answers:
        arms = {one["name"]: one["arm"] for one in answer.experiments if _is_about(answer, one["name"], tests)}
        if not answer.items or not (arms or everything):
            continue
        yield Exposure(
            request_id=request_id,
            time=now,
            carousel=answer.carousel,
            user_id=ask.user_id,
            visitor_id=ask.visitor_id,
            products=tuple(item.product_id for item in answer.items),
            first=answer.items[0].position,
            pins=tuple(item.position for item in answer.items if item.source == PIN),
            arms=arms,
            model=answer.model,
        )


def _is_about(answer: Answer, experiment: str, tests: Tests) -> bool:
    """Return whether an experiment is on this carousel: one on rules is where its rules are."""
    carousels = tests.get(experiment, frozenset((answer.carousel,)))
    return carousels is None or answer.carousel in carousels
