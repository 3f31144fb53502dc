"""Which answers are kept, so that clicks and purchases can be told to them."""

from collections.abc import Iterator, Mapping, Sequence

from models.shop import Shop
from recsvc.asking import Answer, Ask
from recsvc.draw import draw
from recsvc.rules.experiments import tested_on
from recsvc.rules.pool import PIN
from recsvc.rules.schema import NO_RULES, RuleSet
from recsvc.store.exposure_log import ExposureLog
from recsvc.store.exposures import Exposure
from recsvc.trials import arm_of

Tests = Mapping[str, frozenset[str] | None]
"""Experiment on rules -> the carousels that its rules are about; None: all."""


class Exposer:
    """Hands what is to be kept of answers to the log, on the request path but without waiting."""

    def __init__(self, shop: Shop, log: ExposureLog) -> None:
        self.shop, self.log = shop, log
        self._tests: tuple[RuleSet, Tests] = (NO_RULES, {})

    def note(self, answers: Sequence[Answer], ask: Ask, request_id: str, now: int, rules: RuleSet | None) -> None:
        """Keep what is to be kept of the answers to one request.

        Nothing of an answer to nobody, to a shopper without consent, to a look ahead or to a look into the machinery;
        of the others all of the shoppers in an experiment, on whatever carousel it is, and of a share of the rest: of
        each shopper all answers or none, so that no click goes to an older answer because its own was not kept.
        """
        who = ask.drawn_by
        if not who or not ask.consent or ask.at is not None or ask.explain:
            return
        if self._keeps(who) or any(answer.experiments for answer in answers):
            self.log.put(list(_exposures(answers, ask, request_id, now, self._tests_of(rules or NO_RULES))))

    def _keeps(self, who: str) -> bool:
        """Return whether a shopper is in the share, or in an experiment of the shop; answers name those on rules."""
        tried = self.shop.experiments
        return draw(who, "results") < self.shop.results.share or any(arm_of(name, tried, who) for name in tried)

    def _tests_of(self, rules: RuleSet) -> Tests:
        """Return the experiments of the rules; those of the last ones are kept, since they are read at each request."""
        held, tests = self._tests
        if held is not rules:
            self._tests = rules, (tests := tested_on(rules))
        return tests


def _exposures(answers: Sequence[Answer], ask: Ask, request_id: str, now: int, tests: Tests) -> Iterator[Exposure]:
    for answer in answers:
        if not answer.items:
            continue
        arms = {one["name"]: one["arm"] for one in answer.experiments if _is_about(answer, one["name"], tests)}
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
