"""Whether a rules file may go live without a question: it loads, and not too much of the live one vanishes with it."""

from collections.abc import Iterator

from models.errors import RulesError
from recsvc.rules.faults import Fault
from recsvc.rules.parse import read
from recsvc.rules.schema import RuleSet
from recsvc.rules.shop_facts import ShopFacts


def checked(text: bytes, facts: ShopFacts, name: str) -> tuple[RuleSet, tuple[Fault, ...]]:
    """Return the rules in ``text`` and their warnings.

    Raises:
        RulesError: it does not load, or is empty.
    """
    reading = read(text, facts, name)
    if reading.rules is None:
        raise RulesError([fault.text for fault in reading.faults])
    if not text.strip():
        raise RulesError([f"{name}: is empty: write `version: 1` and `rules: []` to have none"])
    return reading.rules, reading.rules.warnings


def doubts(old: bytes | None, new: bytes, rules: RuleSet, facts: ShopFacts) -> Iterator[str]:
    """Yield what a person should say yes to: more than half of the rules vanish, or half of the file.

    Args:
        old: the live file; None where there is none.
        new: the file that is to replace it.
        rules: the rules in ``new``.
        facts: what rules are checked against.
    """
    if not old:
        return
    if len(new) * 2 < len(old):
        yield f"the new file has {len(new):,} bytes, less than half of the {len(old):,} that are live"
    live = read(old, facts).rules
    if live is None:
        return
    names = [rule.id for rule in live.rules if rule.enabled]
    gone = set(names) - {rule.id for rule in rules.rules if rule.enabled}
    if len(gone) * 2 > len(names):
        some = ", ".join(sorted(gone)[:5]) + (", …" if len(gone) > 5 else "")
        yield f"{len(gone)} of the {len(names)} live rules would vanish ({some})"
