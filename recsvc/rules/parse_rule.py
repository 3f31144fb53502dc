"""One rule: its verb, what it acts on, and what its verb takes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from recsvc.rules.expression_tree import is_static
from recsvc.rules.parse_when import read_when, warn_unknown
from recsvc.rules.readers import Reader
from recsvc.rules.schema import VERBS, ActiveIn, Condition, Experiment, InArm, Rule
from recsvc.rules.situation import LIFTABLE
from recsvc.rules.times import Window
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node, Scalar

COMMON = ("id", "why", "do", "enabled", "priority", "experiment", "carousels", "when", "unless")
TARGETS = ("product", "products", "where")
VERB_KEYS: dict[str, tuple[str, ...]] = {
    "hide": (*TARGETS, "everywhere"),
    "keep": (*TARGETS, "min_results"),
    "boost": (*TARGETS, "factor"),
    "bury": (*TARGETS, "factor"),
    "limit": (*TARGETS, "per", "max", "strict"),
    "pin": (*TARGETS, "position", "positions", "instead", "even_if"),
}
"""What each verb takes beside ``COMMON``."""
OF_EXPERIMENT = ("name", "arms")
MAX_POSITION = 1_000
MAX_PRODUCTS = 10_000


@dataclass(slots=True)
class Names:
    """What the rest of the file defines."""

    calendar: Mapping[str, Window]
    segments: Collection[str]
    experiments: Mapping[str, Experiment]


def read_rule(reader: Reader, node: Node, order: int, names: Names) -> Rule | None:
    """Return the rule, or None if anything about it was noted."""
    before = len(reader.faults.errors)
    rule = _read(reader, node, order, names)
    return rule if len(reader.faults.errors) == before else None


def _read(reader: Reader, node: Node, order: int, names: Names) -> Rule | None:
    if not isinstance(node, MapNode):
        reader.faults.add(node, "a rule must be a mapping", "- id: my-rule")
        return None
    given = {key.text: value for key, value in node.entries}
    verb = reader.choice(given["do"], "verb", VERBS) if "do" in given else None
    if "do" not in given:
        reader.faults.add(node, "a rule needs 'do'", "one of " + ", ".join(VERBS))
    known = (*COMMON, *(VERB_KEYS[verb] if verb else sorted({key for keys in VERB_KEYS.values() for key in keys})))
    for key, _ in node.entries:
        if key.text not in known:
            _unknown_key(reader, key, verb, known)
    fields = {key: value for key, value in given.items() if key in known}
    if "id" not in fields:
        reader.faults.add(node, "a rule needs 'id'", "a short name of its own, such as launch-spring")
    values: dict[str, Any] = {"order": order, "line": node.line + 1}
    values |= _common(reader, fields, names)
    values |= _target(reader, node, fields, verb or "")
    values |= _of_verb(reader, node, fields, verb or "", values)
    if verb is None or "id" not in values:
        return None
    rule = Rule(verb=verb, **values)  # type: ignore[arg-type]
    _check_everywhere(reader, fields, rule)
    return rule


def _unknown_key(reader: Reader, key: Scalar, verb: str | None, known: Collection[str]) -> None:
    owners = [name for name, keys in VERB_KEYS.items() if key.text in keys]
    if verb is not None and owners:
        reader.faults.add(
            key, f"{verb} does not take {key.text!r}", f"{' and '.join(owners)} {'does' if len(owners) == 1 else 'do'}"
        )
        return
    reader.faults.add(key, f"unknown key {key.text!r} in a rule", reader.faults.suggest(key.text, known))


def _common(reader: Reader, fields: Mapping[str, Node], names: Names) -> dict[str, Any]:
    out: dict[str, Any] = {}
    conditions: tuple[Condition, ...] = ()
    for key, node in fields.items():
        if key == "id":
            out["id"] = reader.text(node, "id")
        elif key == "why":
            out["why"] = reader.text(node, "why") or ""
        elif key == "enabled":
            out["enabled"] = reader.flag(node, "enabled")
        elif key == "priority":
            out["priority"] = reader.number(node, "priority", -1e6, 1e6)
        elif key == "carousels":
            out["carousels"] = reader.choices(node, "carousel", reader.shop.carousels)
        elif key == "unless":
            out["unless"] = read_when(reader, node, "unless", names.calendar, names.segments)
        elif key == "when":
            conditions = read_when(reader, node, "when", names.calendar, names.segments) + conditions
        elif key == "experiment":
            conditions += _arm(reader, node, names.experiments)
    out["when"] = conditions
    return {key: value for key, value in out.items() if value is not None}


def _arm(reader: Reader, node: Node, experiments: Mapping[str, Experiment]) -> tuple[Condition, ...]:
    fields = reader.mapping(node, "experiment", OF_EXPERIMENT, OF_EXPERIMENT)
    if len(fields) < 2:
        return ()
    name = reader.text(fields["name"], "experiment: name")
    if name and name not in experiments:
        own = experiments.keys() - reader.shop.experiments.keys()
        declare = f"beside rules: write experiments: {{{name}: {{arms: [a, b]}}}}"
        near = reader.faults.suggest(name, experiments)
        if own or "did you mean" in near:
            hint = near if own else f"{near} to declare a new one, {declare}"  # a file that declares some knows how
            reader.faults.add(fields["name"], f"unknown experiment {name!r}", hint)
            return ()
        message = f"experiment {name!r} is not declared in this file: it draws arms a and b, one half each"
        reader.faults.warn(fields["name"], message, declare)
    experiment = experiments.get(name or "", Experiment(name or ""))
    arms = reader.choices(fields["arms"], "arm", experiment.arms)
    return (InArm(name, arms),) if name and arms else ()


def _target(reader: Reader, node: MapNode, fields: Mapping[str, Node], verb: str) -> dict[str, Any]:
    chosen = [key for key in TARGETS if key in fields]
    if len(chosen) > 1:
        reader.faults.add(
            fields[chosen[1]], f"a rule takes one of {', '.join(TARGETS)}, not several", "write two rules"
        )
    if not chosen:
        if verb and verb != "limit":
            hint = "such as product: '00501', products: ['00501', '00502'], or where: \"category == 'wine'\""
            reader.faults.add(node, f"{verb} needs 'product', 'products' or 'where'", hint)
        return {}
    key = chosen[0]
    if key == "where":
        return {"where": reader.expression(fields[key], "where")}
    products = reader.texts(fields[key], key)
    if key == "product" and len(products) > 1:
        reader.faults.add(fields[key], "product is one id", "write products: […]")
    if len(products) > MAX_PRODUCTS:
        reader.faults.add(fields[key], f"more than {MAX_PRODUCTS:,} products", "give them a tag, and use where")
    warn_unknown(reader, fields[key], products)
    return {"products": products}


def _of_verb(
    reader: Reader, node: MapNode, fields: Mapping[str, Node], verb: str, so_far: Mapping[str, Any]
) -> dict[str, Any]:
    if verb in ("boost", "bury"):
        return _factor(reader, node, fields, verb)
    if verb == "limit":
        return _limit(reader, node, fields)
    if verb == "pin":
        return _pin(reader, node, fields, so_far)
    if verb == "keep" and "min_results" in fields:
        return {"min_results": reader.whole(fields["min_results"], "min_results", 1, MAX_POSITION)}
    if verb == "hide" and "everywhere" in fields:
        return {"everywhere": reader.flag(fields["everywhere"], "everywhere")}
    return {}


def _factor(reader: Reader, node: MapNode, fields: Mapping[str, Node], verb: str) -> dict[str, Any]:
    if "factor" not in fields:
        reader.faults.add(node, f"{verb} needs 'factor'", "boost: above 1, at most 10; bury: between 0 and 1")
        return {}
    factor = reader.number(fields["factor"], "factor", -1e9, 1e9, "boost: above 1, at most 10; bury: between 0 and 1")
    if factor is None:
        return {}
    problem = ""
    if verb == "boost" and not 1 < factor <= 10:
        hint = "use bury to push down" if factor < 1 else "a factor of 10 is the most; to be sure, use pin"
        problem = f"boost needs a factor above 1 and at most 10, not {factor:g}"
    elif verb == "bury" and not 0 < factor < 1:
        hint = "use hide" if factor == 0 else "use boost to lift" if factor > 1 else "0.5 halves the score"
        problem = f"bury needs a factor between 0 and 1, not {factor:g}"
    if problem:
        reader.faults.add(fields["factor"], problem, hint)
    return {"factor": factor}


def _limit(reader: Reader, node: MapNode, fields: Mapping[str, Node]) -> dict[str, Any]:
    out: dict[str, Any] = {"strict": reader.flag(fields["strict"], "strict")} if "strict" in fields else {}
    if "max" in fields:
        out["max"] = reader.whole(fields["max"], "max", 0, MAX_POSITION, "how many may be shown")
    else:
        reader.faults.add(node, "limit needs 'max'", "how many may be shown")
    columns = reader.shop.columns
    if "per" in fields and columns is not None:
        out["per"] = reader.choice(fields["per"], "attribute", columns)
    elif "per" in fields:
        out["per"] = reader.text(fields["per"], "per")
    elif not any(key in fields for key in TARGETS):
        reader.faults.add(node, "limit needs 'per', 'where' or both", "per: brand")
    return out


def _pin(reader: Reader, node: MapNode, fields: Mapping[str, Node], so_far: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if ("position" in fields) == ("positions" in fields):
        reader.faults.add(node, "pin needs 'position' or 'positions'", "position: 1 is the first")
    key = "position" if "position" in fields else "positions"
    if key in fields:
        items = reader.items(fields[key], key)
        found = [reader.whole(item, "position", 1, MAX_POSITION, "1 is the first") for item in items]
        out["positions"] = tuple(dict.fromkeys(one for one in found if one is not None))
        if len(out["positions"]) < len([one for one in found if one is not None]):
            reader.faults.add(fields[key], "a position is given twice")
        _check_count(reader, fields[key], out["positions"], so_far.get("products", ()))
        _warn_past_end(reader, fields[key], out["positions"], so_far.get("carousels"))
    if "instead" in fields:
        out["instead"] = reader.texts(fields["instead"], "instead")
        if "where" in fields:
            reader.faults.add(fields["instead"], "a pin by where takes no 'instead'", "its next best match steps in")
        warn_unknown(reader, fields["instead"], out["instead"])
    if "even_if" in fields:
        out["even_if"] = frozenset(reader.choices(fields["even_if"], "even_if", LIFTABLE))
    return out


def _check_count(reader: Reader, node: Node, positions: tuple[int, ...], products: tuple[str, ...]) -> None:
    if products and positions and len(products) != len(positions):
        message = f"{_count(products, 'product')} for {_count(positions, 'position')}"
        reader.faults.add(node, message, "one position for each product, in their order")


def _count(things: Collection[object], name: str) -> str:
    return f"{len(things)} {name}" + ("s" if len(things) != 1 else "")


def _warn_past_end(reader: Reader, node: Node, positions: tuple[int, ...], carousels: tuple[str, ...] | None) -> None:
    sizes = reader.shop.carousels
    late: dict[tuple[int, int], list[str]] = {}
    for name in carousels if carousels is not None else sizes:
        first = next((position for position in positions if name in sizes and position > sizes[name]), None)
        if first is not None:
            late.setdefault((first, sizes[name]), []).append(repr(name))
    for (position, size), names in late.items():
        show = f"{', '.join(names)}, which show{'s' if len(names) == 1 else ''} {size}"
        message = f"position {position} is past the end of {show}"
        reader.faults.warn(node, message, "give it an earlier one, or the carousel a larger size")


def _check_everywhere(reader: Reader, fields: Mapping[str, Node], rule: Rule) -> None:
    """An everywhere hide holds in every cache and batch file: only the catalogue and dates may decide it."""
    if not rule.everywhere:
        return
    for key in ("carousels", "unless", "experiment"):
        if key in fields:
            reader.faults.add(
                fields[key], f"an everywhere hide takes no {key!r}", "it holds in every carousel, for everybody"
            )
    if any(not isinstance(one, ActiveIn | InArm) for one in rule.when):
        reader.faults.add(fields["when"], "an everywhere hide takes no 'when' but 'active'", "it holds for everybody")
    if rule.where is not None and not is_static(rule.where):
        reader.faults.add(fields["where"], "an everywhere hide must test the product alone", "leave everywhere out")
