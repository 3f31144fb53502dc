"""Whether a rules file may go live without a question: it loads, and not too much of the live one vanishes with it."""

from collections.abc import Iterable, Iterator

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


def doubts(
    old: bytes | None, new: bytes, rules: RuleSet, facts: ShopFacts, kept: Iterable[bytes] = ()
) -> Iterator[str]:
    """Yield what a person should say yes to: half of the rules vanish, or more, or more than half of the file.

    Rules are counted in the live file; where that is gone or does not load, in the newest of the kept ones that does:
    those are the rules that a running service goes on with.

    Args:
        old: the live file; None where there is none.
        new: the file that is to replace it.
        rules: the rules in ``new``.
        facts: what rules are checked against.
        kept: the files of the history, the newest first; read only as far as needed.
    """
    told = "that the last kept file has (the live one is gone)" if old is None else "that are live"
    earlier = iter(kept)
    last = next(earlier, None) if old is None else old
    if last is None:
        return
    if len(new) * 2 < len(last):
        yield f"the new file has {len(new):,} bytes, less than half of the {len(last):,} {told}"
    live, told = _rules_in(last, facts), "live rules"
    if live is None or old is None:
        live = live or next((found for text in earlier if (found := _rules_in(text, facts)) is not None), None)
        why = "the live one is gone" if old is None else "the live one does not"
        told = f"rules of the last kept file that loads ({why})"
    if live is None:
        return
    names = {rule.id for rule in live.rules if rule.enabled}
    gone = names - {rule.id for rule in rules.rules if rule.enabled}
    if gone and len(gone) * 2 >= len(names):
        some = ", ".join(sorted(gone)[:5]) + (", …" if len(gone) > 5 else "")
        yield f"{len(gone)} of the {len(names)} {told} would vanish ({some})"


def _rules_in(text: bytes, facts: ShopFacts) -> RuleSet | None:
    """Return the rules of a file; None where it does not load or is blank: what was cut off has none to count."""
    return read(text, facts).rules if text.strip() else None
