"""The live rules as ``GET /v1/rules`` tells them, and what changes between two answers."""

from datetime import datetime
from typing import Any

from models.shop import Shop
from recsvc.asking import Answer
from recsvc.rules.match import condition_name
from recsvc.rules.schedule import phase
from recsvc.rules.schema import Rule, RuleSet
from recsvc.rules_tools.diff import ids_of


def listed(rules: RuleSet | None, shop: Shop, now: int) -> dict[str, Any]:
    """Return the rules that are live, and when each holds next by its dates and hours.

    Args:
        rules: what is live, or None.
        shop: whose clock the times are told in.
        now: Unix seconds.
    """
    if rules is None:
        return {"hash": None, "timezone": shop.timezone, "rules": [], "warnings": []}
    return {
        "hash": rules.hash,
        "timezone": rules.zone,
        "rules": [_rule(rule, rules.zone, shop, now) for rule in rules.rules],
        "warnings": [str(warning) for warning in rules.warnings],
    }


def _rule(rule: Rule, zone: str, shop: Shop, now: int) -> dict[str, Any]:
    state, start, end = phase(rule, now, zone)
    return {
        "id": rule.id,
        "do": rule.verb,
        "why": rule.why,
        "line": rule.line,
        "carousels": None if rule.carousels is None else list(rule.carousels),
        "when": [condition_name(one) for one in rule.when],
        "unless": [condition_name(one) for one in rule.unless or ()],
        "everywhere": rule.everywhere,
        "priority": rule.priority,
        "state": state,
        "starts": _iso(start, shop),
        "ends": _iso(end, shop),
    }


def _iso(moment: int | None, shop: Shop) -> str | None:
    if moment is None:
        return None
    try:
        return datetime.fromtimestamp(moment, shop.zone).isoformat()
    except (OverflowError, ValueError, OSError):  # beyond what a calendar writes: no end that matters
        return None


def changes(before: Answer, after: Answer) -> dict[str, Any]:
    """Return which products come, go and move between two answers."""
    first, second = ids_of(before), ids_of(after)
    return {
        "gained": [one for one in second if one not in first],
        "lost": [one for one in first if one not in second],
        "moved": [
            {"product_id": one, "from": first.index(one) + 1, "to": second.index(one) + 1}
            for one in second
            if one in first and first.index(one) != second.index(one)
        ],
    }
