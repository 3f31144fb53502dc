"""Nodes to typed values; whatever does not fit is noted and None comes back."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from recsvc.rules.expression_check import check_expression
from recsvc.rules.expression_parse import parse_expression
from recsvc.rules.expression_tokens import ExpressionError
from recsvc.rules.expression_tree import Both, Expression, Scope, is_static
from recsvc.rules.faults import Faults
from recsvc.rules.rest import Rest, no_rest
from recsvc.rules.shop_facts import FieldKind, ShopFacts
from recsvc.rules.yaml_nodes import Mapping as MapNode
from recsvc.rules.yaml_nodes import Node, Scalar
from recsvc.rules.yaml_nodes import Sequence as ListNode

_NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)")
MAX_TEXT = 2_500
CURLY = "“”„‟‘’‚‛«»‹›"
"""Quotes as word processors set them: to YAML they are letters."""
TRUTHS = {
    "yes": "true",
    "on": "true",
    "y": "true",
    "1": "true",
    "no": "false",
    "off": "false",
    "n": "false",
    "0": "false",
}


@dataclass(slots=True)
class Reader:
    """Reads nodes of one file for one shop."""

    shop: ShopFacts
    faults: Faults
    zone: str = "UTC"
    rest: Rest = no_rest
    """Called between two rules, and two segments."""
    read: dict[tuple[str, Scope], Expression] = field(default_factory=dict)
    """Expressions that held: rules of one file often share them."""
    fields: Mapping[str, FieldKind] = field(init=False)
    """Of the request."""

    def __post_init__(self) -> None:
        self.fields = self.shop.fields()

    def mapping(self, node: Node, what: str, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, Node]:
        """Return the values of a mapping by key; unknown and missing keys are noted."""
        if not isinstance(node, MapNode):
            self.faults.add(node, f"{what} must be a mapping of keys and values", "key: value")
            return {}
        names = tuple(known)
        out = {key.text: value for key, value in node.entries if key.text in names}
        for key, _ in node.entries:
            if key.text not in names:
                self.faults.add(key, f"unknown key {key.text!r} in {what}", self.faults.suggest(key.text, names))
        for name in needed:
            if name not in out:
                self.faults.add(node, f"{what} needs {name!r}")
        return out

    def entries(self, node: Node, what: str) -> tuple[tuple[Scalar, Node], ...]:
        """Return the entries of a mapping whose keys are names of the file's own."""
        if isinstance(node, MapNode):
            return node.entries
        if not (isinstance(node, Scalar) and _blank(node)):
            self.faults.add(node, f"{what} must be a mapping of names", "name: …")
        return ()

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """Return the items of a list; a single value stands for a list of one."""
        if isinstance(node, ListNode):
            if not node.items:
                self.faults.add(node, f"{what} is an empty list", "leave the key out, or name something")
            return node.items
        return (node,)

    def text(self, node: Node, what: str) -> str | None:
        """Return a text that is not empty."""
        if not isinstance(node, Scalar):
            self.faults.add(node, f"{what} must be one text")
            return None
        if _blank(node):
            self.faults.add(node, f"{what} is empty")
            return None
        if len(node.text) > MAX_TEXT:
            self.faults.add(node, f"{what} has {len(node.text):,} characters, more than {MAX_TEXT:,}")
            return None
        return node.text

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Return the texts of a list (or of a single value), without repeats."""
        found = (self.name(item, what) for item in self.items(node, what))
        return tuple(dict.fromkeys(text for text in found if text is not None))

    def name(self, node: Node, what: str) -> str | None:
        """Return a text that names something outside of the file, such as a product: quotes round it are straight."""
        text = self.text(node, what)
        if text is not None and isinstance(node, Scalar) and not node.quoted and text[0] in CURLY:
            message = f"{what} {text!r} has typographic quotes, which are letters here and part of the name"
            self.faults.add(node, message, f'write straight quotes: "{text.strip(CURLY)}"')
            return None
        return text

    def choice(self, node: Node, what: str, known: Iterable[str]) -> str | None:
        """Return a text that is one of ``known``."""
        text, names = self.text(node, what), tuple(known)
        if text is not None and text not in names:
            self.faults.add(node, f"unknown {what} {text!r}", self.faults.suggest(text, names))
            return None
        return text

    def choices(self, node: Node, what: str, known: Iterable[str]) -> tuple[str, ...]:
        """Return texts that are all of ``known``."""
        names = tuple(known)
        found = (self.choice(item, what, names) for item in self.items(node, what))
        return tuple(dict.fromkeys(text for text in found if text is not None))

    def number(self, node: Node, what: str, least: float, most: float, hint: str = "") -> float | None:
        """Return a number in [least, most]."""
        text = self.text(node, what)
        if text is None:
            return None
        if text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()):
            fraction = f"{float(text[:-1]) / 100:g}"
            self.faults.add(
                node, f"{what} {text!r} is a percentage", f"write the fraction {fraction}, or the factor itself"
            )
            return None
        value = float(text) if _NUMBER.fullmatch(text) else float("nan")
        if not isfinite(value):
            self.faults.add(node, f"{what} must be a number, not {text!r}", hint)
            return None
        if not least <= value <= most:
            above = f"{least:g} to {most:g}" if most < 1e9 else f"at least {least:g}"
            self.faults.add(node, f"{what} is {text}, and must be {above}", hint)
            return None
        return value

    def whole(self, node: Node, what: str, least: int, most: int, hint: str = "") -> int | None:
        """Return a whole number in [least, most]."""
        value = self.number(node, what, least, most, hint)
        if value is not None and value != int(value):
            self.faults.add(node, f"{what} must be a whole number, not {value:g}", hint)
            return None
        return None if value is None else int(value)

    def flag(self, node: Node, what: str) -> bool:
        """Return true or false; yes and no are refused, for they are half of the trouble with YAML."""
        text = self.text(node, what)
        if text is not None and text not in ("true", "false"):
            plain = text.strip().lower()
            meant = plain if plain in ("true", "false") else TRUTHS.get(plain, "true or false")
            self.faults.add(node, f"{what} must be true or false, not {text!r}", f"write {what}: {meant}")
        return text == "true"

    def expression(self, node: Node, what: str, bare: Scope = "product") -> Expression | None:
        """Return a checked expression."""
        if not isinstance(node, Scalar):
            self.faults.add(node, f"{what} must be one expression", "put quotes round it: \"'sale' in tags\"")
            return None
        known = self.read.get((node.text, bare))
        if known is None:
            known = self._checked(node, what, bare)
        if known is not None and bare == "product" and self.shop.matching is not None:
            self._warn_nothing(node, what, known, self.shop.matching)
        return known

    def _checked(self, node: Scalar, what: str, bare: Scope) -> Expression | None:
        try:
            out = parse_expression(node.text, bare=bare)
            errors = check_expression(out, self.shop)
        except ExpressionError as error:
            errors = [error]
        for one in errors:
            self.faults.inside(node, one.at, f"{what}: {one.message}", one.hint)
        if errors:
            return None
        self.read[node.text, bare] = out
        return out

    def _warn_nothing(self, node: Node, what: str, where: Expression, matching: Callable[[Expression], int]) -> None:
        parts = where.parts if isinstance(where, Both) else (where,)
        fixed = tuple(part for part in parts if is_static(part))
        if fixed and not matching(Both(fixed)):
            self.faults.warn(node, f"{what}: no product matches", "is a value misspelt, or is there none yet?")


def _blank(node: Scalar) -> bool:
    return not node.text.strip() or (not node.quoted and node.text in ("~", "null"))
