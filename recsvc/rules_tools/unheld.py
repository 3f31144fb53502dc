"""The rules that differ between two files and held in none of the drawn requests: of those a comparison tells nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from recsvc.asking import Ask
from recsvc.carousel import Engine
from recsvc.context import situation, understand
from recsvc.rules.match import why_not_active
from recsvc.rules.schema import Rule, RuleSet


def never_held(old: Engine, new: Engine, requests: Sequence[tuple[str, Ask]]) -> dict[str, str]:
    """Return the changed rules that held in none of ``requests``: id -> what mostly stood against it.

    A rule that came or changed is looked for under the new rules, one that went under the old ones. What is switched off
    is left out: it is to hold nowhere.
    """
    before, after = (engine.snapshot.rules.ruleset for engine in (old, new))
    names = _changed(before, after)
    out = _unheld(new, names, requests) | _unheld(old, names - set(_on(after)), requests)
    return {rule.id: out[rule.id] for rule in (*before.rules, *after.rules) if rule.id in out}


def _on(rules: RuleSet) -> dict[str, Rule]:
    """Return the rules that are switched on, by id, without their places in the file."""
    return {rule.id: replace(rule, order=0, line=1) for rule in rules.rules if rule.enabled}


def _changed(old: RuleSet, new: RuleSet) -> set[str]:
    before, after = _on(old), _on(new)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def _unheld(engine: Engine, names: Iterable[str], requests: Sequence[tuple[str, Ask]]) -> dict[str, str]:
    wanted, bound = set(names), engine.snapshot.rules
    waiting = {place: Counter[str]() for place, rule in enumerate(bound.rules) if rule.id in wanted}
    for carousel, ask in requests:
        if not waiting:
            break
        here, memo = situation(engine.snapshot, understand(engine.snapshot, ask), carousel), dict[int, bool]()
        for place in list(waiting):
            why = why_not_active(bound, place, here, memo)
            if why is None:
                del waiting[place]
            else:
                waiting[place][why] += 1
    return {bound.rules[place].id: _mostly(whys) for place, whys in waiting.items()}


def _mostly(whys: Counter[str]) -> str:
    """Return the commonest reason; another carousel is one only where there is no other."""
    others = [why for why, _ in whys.most_common() if why != "carousel"]
    return others[0] if others else "carousel"
