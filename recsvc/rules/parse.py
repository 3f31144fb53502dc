"""A rules file to a rule set: every fault at once, each with its line and column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from models.errors import RulesError
from recsvc.rules.doubts import warn_about
from recsvc.rules.expectation import Expectation
from recsvc.rules.faults import Fault, Faults
from recsvc.rules.parse_expect import read_expectations
from recsvc.rules.parse_experiments import read_experiments
from recsvc.rules.parse_rule import Names, read_rule
from recsvc.rules.parse_segments import read_segments
from recsvc.rules.parse_when import read_window
from recsvc.rules.readers import Reader
from recsvc.rules.rest import Rest, let_go, no_rest
from recsvc.rules.schema import Rule, RuleSet, Test
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.times import Window, zone_of
from recsvc.rules.yaml_nodes import BrokenYamlError, Node, Scalar, decode, read_nodes
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Sequence as ListNode

KEYS = ("version", "timezone", "calendar", "segments", "experiments", "expect_rules", "rules", "expect")
"""What a rules file holds, at its top."""
MAX_RULES = 10_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file: a rule set, or the faults that keep it from loading."""

    rules: RuleSet | None
    faults: tuple[Fault, ...] = ()


def parse(text: bytes | str, shop: ShopFacts, name: str = "rules.yaml") -> RuleSet:
    """Return the rule set of a file; an empty one has no rules.

    Args:
        text: the file as it was read.
        shop: what the names in it are checked against.
        name: what messages call the file.

    Raises:
        RulesError: with every fault of the file, each as ``file:line:column: message``.
    """
    reading = read(text, shop, name)
    if reading.rules is None:
        raise RulesError([str(fault) for fault in reading.faults])
    return reading.rules


def read(text: bytes | str, shop: ShopFacts, name: str = "rules.yaml", rest: Rest = no_rest) -> Reading:
    """Return the rule set of a file or its faults, in the order of the file; ``rest`` is called often."""
    faults, root, whole = _nodes(text, name, rest)
    if not whole:
        return Reading(None, faults.sorted_errors())
    raw = text if isinstance(text, bytes) else text.encode()
    out = _read_file(root, Reader(shop, faults, shop.zone, rest), f"sha256:{sha256(raw).hexdigest()}")
    held = _items_of(root)
    root = None
    let_go(held, rest)
    return Reading(None, faults.sorted_errors()) if faults.errors else Reading(out)


def parse_beside(
    text: bytes | str, shop: ShopFacts, rules: RuleSet, name: str
) -> tuple[tuple[Expectation, ...], tuple[Fault, ...]]:
    """Return the expectations of a file that lies beside the rules and holds nothing else, and their warnings.

    Raises:
        RulesError: with every fault of the file.
    """
    faults, root, whole = _nodes(text, name)
    out: tuple[Expectation, ...] = ()
    if whole and root is not None:
        reader = Reader(shop, faults, rules.zone)
        fields = reader.mapping(root, "a file of expectations", ("expect",), ("expect",))
        if "expect" in fields:
            out = read_expectations(reader, fields["expect"], [rule.id for rule in rules.rules])
    if faults.errors:
        raise RulesError([str(fault) for fault in faults.sorted_errors()])
    return out, faults.sorted_warnings()


def _nodes(text: bytes | str, name: str, rest: Rest = no_rest) -> tuple[Faults, Node | None, bool]:
    """Return the faults so far, the tree, and whether there is one; keys that are given twice are faults."""
    faults = Faults(name, [])
    try:
        shown = decode(text)
        faults = Faults.of(name, shown)
        root, repeats = read_nodes(shown, rest)
    except BrokenYamlError as error:
        faults.at(error.line, error.column, error.message, error.hint)
        return faults, None, False
    for repeat in repeats:
        faults.at(repeat.line, repeat.column, repeat.message, repeat.hint)
    return faults, root, True


def _read_file(root: Node | None, reader: Reader, digest: str) -> RuleSet:
    if root is None or (isinstance(root, Scalar) and not root.text.strip()):
        return RuleSet(digest, zone=reader.zone)
    fields = reader.mapping(root, "a rules file", KEYS)
    if isinstance(root, MapNode) and "version" not in fields:
        reader.faults.add(root, "a rules file needs 'version'", "version: 1")
    if "version" in fields:
        reader.choice(fields["version"], "version", ("1",))
    reader.zone = _zone(reader, fields)
    calendar = _calendar(reader, fields["calendar"]) if "calendar" in fields else {}
    segments = read_segments(reader, fields["segments"], calendar) if "segments" in fields else {}
    declared = read_experiments(reader, fields["experiments"]) if "experiments" in fields else {}
    experiments = {**reader.shop.experiments, **declared}
    segment_names = (
        [key.text for key, _ in reader.entries(fields["segments"], "segments")] if "segments" in fields else []
    )
    rules = _rules(reader, fields, Names(calendar, segment_names, experiments), segments)
    expected = read_expectations(reader, fields["expect"], _ids_in(fields.get("rules"))) if "expect" in fields else ()
    warnings = reader.faults.sorted_warnings()
    return RuleSet(digest, rules, segments, calendar, experiments, reader.zone, warnings, expected)


def _items_of(root: Node | None) -> list[Node]:
    """Return the items of the lists at the top of a file: its rules."""
    values = [value for _, value in root.entries] if isinstance(root, MapNode) else []
    return [item for value in values if isinstance(value, ListNode) for item in value.items]


def _ids_in(node: Node | None) -> list[str]:
    """Return the ids in the list of rules, of those with faults too."""
    items = [item for item in node.items if isinstance(item, MapNode)] if isinstance(node, ListNode) else []
    return [
        value.text for item in items for key, value in item.entries if key.text == "id" and isinstance(value, Scalar)
    ]


def _zone(reader: Reader, fields: Mapping[str, Node]) -> str:
    name = reader.text(fields["timezone"], "timezone") if "timezone" in fields else None
    if name is None:
        return reader.zone
    try:
        zone_of(name)
    except ValueError:
        zones = ("Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "UTC")
        reader.faults.add(fields["timezone"], f"no time zone {name[:80]!r}", reader.faults.suggest(name, zones))
        return reader.zone
    return name


def _calendar(reader: Reader, node: Node) -> dict[str, Window]:
    windows = {
        key.text: read_window(reader, value, f"window {key.text!r}", key.text)
        for key, value in reader.entries(node, "calendar")
    }
    return {name: window or Window(name=name) for name, window in windows.items()}


def _rules(reader: Reader, fields: Mapping[str, Node], names: Names, segments: Mapping[str, Test]) -> tuple[Rule, ...]:
    node = fields.get("rules")
    if node is None or (isinstance(node, Scalar) and not node.text.strip()):
        items: tuple[Node, ...] = ()
    elif not isinstance(node, ListNode):
        reader.faults.add(node, "rules must be a list", "start each rule with - id:")
        return ()
    else:
        items = node.items
    if node is not None and len(items) > MAX_RULES:
        reader.faults.add(node, f"{len(items):,} rules, more than {MAX_RULES:,}", "give products a tag, and use where")
        return ()
    expected = reader.whole(fields["expect_rules"], "expect_rules", 0, MAX_RULES) if "expect_rules" in fields else None
    if expected is not None and expected != len(items):
        message = f"expect_rules is {expected}, and the file has {len(items)} rules"
        reader.faults.add(fields["expect_rules"], message, "is the file cut off? else change the number")
    rules = tuple(_each_rule(reader, items, names))
    _refuse_twins(reader, rules, items)
    warn_about(reader, rules, items, segments)
    return rules


def _each_rule(reader: Reader, items: tuple[Node, ...], names: Names) -> Iterator[Rule]:
    for order, item in enumerate(items):
        rule = read_rule(reader, item, order, names)
        if rule is not None:
            yield rule
        reader.rest()


def _refuse_twins(reader: Reader, rules: tuple[Rule, ...], items: tuple[Node, ...]) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            message = f"two rules have the id {rule.id!r}, the first on line {other.line}"
            reader.faults.add(items[rule.order], message, "each rule needs its own")
