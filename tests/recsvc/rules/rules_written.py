"""Drawn worlds, rules and requests in the form that the engine takes: a YAML file, a catalogue, a situation, shelves."""

import json

import numpy as np
from rules_drawn import CAROUSELS, FIELDS

from models.catalogue import Catalogue
from models.columns import number_column, tags_column, text_column
from models.ids import IdIndex
from models.schema import UNKNOWN, History
from recsvc.rules.arrange import Shelf
from recsvc.rules.bind import bind
from recsvc.rules.match import select
from recsvc.rules.parse import parse
from recsvc.rules.pool import Pool
from recsvc.rules.shop_facts import ShopFacts
from recsvc.rules.situation import BARS, Shopper, Situation

KINDS = {
    "category": "text", "brand": "text", "tags": "tags",
    "price": "number", "cost": "number", "margin": "number", "weight": "number",
}  # fmt: skip
COLUMNS = {"text": text_column, "number": number_column, "tags": tags_column}


# --- expressions and conditions as text ---


def written(e):
    """Return an expression as a merchandiser writes it, with brackets round every part."""
    kind = e[0]
    if kind == "number":
        return repr(e[1])
    if kind == "text":
        return f"'{e[1]}'"
    if kind in ("attribute", "user"):
        return e[1]
    if kind in ("page", "context"):
        return f"{kind}.{e[1]}"
    if kind == "stock":
        return "stock_in(context.store)"
    if kind == "days since bought":
        return "days_since(bought)"
    if kind == "lower":
        return f"lower({written(e[1])})"
    if kind == "not":
        return f"not ({written(e[1])})"
    if kind in ("and", "or"):
        return f" {kind} ".join(f"({written(one)})" for one in e[1:])
    if kind == "between":
        return f"{written(e[1])} between {written(e[2])} and {written(e[3])}"
    if kind == "tagged":
        return f"'{e[1]}' in {written(e[2])}"
    if kind == "bought":
        return f"bought({', '.join(map(str, [one for one in (e[1] if e[1] != 'product_id' else None, e[2]) if one]))})"
    if kind == "among":
        return f"{written(e[2])} in {e[1]!r}"
    if kind == "part":
        return f"{e[1]}({written(e[2])}, '{e[3]}')"
    return f"({written(e[2])} {e[1]} {written(e[3])})"


def plain(key, what):
    """Return a part of the file as YAML in flow style; expressions and windows are tuples."""
    if isinstance(what, tuple) and key in ("where", "attribute"):
        return json.dumps(written(what), ensure_ascii=False)
    if isinstance(what, tuple):
        edges = [(name, edge) for name, edge in zip(("from", "until"), what, strict=True) if edge is not None]
        return "{" + ", ".join(f'{name}: "{edge}"' for name, edge in edges) + "}"
    if isinstance(what, dict):
        return "{" + ", ".join(f"{one}: {plain(one, inner)}" for one, inner in what.items()) + "}"
    if isinstance(what, list):
        return "[" + ", ".join(plain("", one) for one in what) + "]"
    return json.dumps(what, ensure_ascii=False)


def file_of(world, rules):
    """Return the rules file."""
    tested = any("segment" in rule.get(key, {}) for rule in rules for key in ("when", "unless"))
    head = {"calendar": world["calendar"], **({"segments": world["segments"]} if tested else {})}
    tried = {
        name: {"arms": arms, **({"salt": salt} if salt else {})} for name, (arms, salt) in world["experiments"].items()
    }
    parts = [f"{name}: {plain(name, what)}\n" for name, what in {**head, "experiments": tried}.items()]
    lines = "".join(f"  - {plain('', rule)}\n" for rule in rules)
    return f"version: 1\ntimezone: {world['zone']}\n{''.join(parts)}rules:\n{lines}"


# --- the engine's inputs ---


def catalogue_of(world):
    columns = {
        name: COLUMNS[kind]([one[name] for one in world["products"].values()])
        for name, kind in KINDS.items()
        if name != "margin"
    }
    return Catalogue.of(IdIndex.of(world["products"]), columns, "drawn")


def facts_of(world):
    """Return what the loader knows of the shop."""
    return ShopFacts(
        carousels=dict.fromkeys(CAROUSELS, 8),
        columns=KINDS,
        user_columns={"tier": "text", "age": "number"},
        context_fields={"loyalty_app": "categorical", "temperature": "numeric"},
        product_ids=set(world["products"]).__contains__,
        zone="UTC",
        lists=world["lists"].__getitem__,
    )


def bound_to(world, rules):
    """Return the rules as the engine reads and binds them."""
    return bind(parse(file_of(world, rules), facts_of(world)), catalogue_of(world))


def rows_of(world, products):
    places = {one: row for row, one in enumerate(world["products"])}
    return np.array([places[one] for one in products], np.int32)


def situation_of(world, q):
    lines, products = q["history"], list(world["products"])
    history = History(
        rows_of(world, [one["product"] for one in lines]),
        np.array([one["time"] for one in lines], np.int64),
        np.array([one["order"] for one in lines], np.int32),
        np.array([one["quantity"] for one in lines], np.float32),
        np.array([np.nan if one["price"] is None else one["price"] for one in lines], np.float32),
        np.full(len(lines), UNKNOWN, np.int32),
    )

    def stock(rows, store):
        return np.array([q["stock"].get((products[row], store), np.nan) for row in rows], np.float64)

    return Situation(
        now=q["now"],
        carousel=q["carousel"],
        page=UNKNOWN if q["page"] is None else int(rows_of(world, [q["page"]])[0]),
        cart=rows_of(world, q["cart"]),
        fields={name: q["fields"].get(name) for name in (*FIELDS, "temperature")},
        shopper=Shopper(
            user_id=q["user"],
            visitor_id=q["visitor"],
            history=history,
            attributes=q["attributes"],
            viewed=rows_of(world, q["viewed"]),
        ),
        stock=stock,
    )


def shelf_of(world, bound, shelf, *, explain=False):
    """Return what the engine arranges."""
    bits = {name: bit for bit, name in BARS.items()}
    codes = np.array([sum(bits[name] for name in shelf["bars"][one]) for one in world["products"]], np.uint8)
    return Shelf(
        select(bound, situation_of(world, shelf["q"]), explain=explain),
        pool_of(world, shelf, {}),
        shelf["size"],
        shelf["ends"],
        lambda rows: codes[rows],
        [(name, lambda found=found: rows_of(world, found)) for name, found in shelf["fallbacks"]],
        None if shelf["deeper"] is None else lambda: pool_of(world, shelf, shelf["deeper"]),
    )


def pool_of(world, shelf, tail):
    """Return the candidates, what only pins may take, and ``tail`` behind them."""
    beside = {one: score for one, score in shelf["extra"].items() if one not in tail}
    every = {**shelf["scores"], **beside, **tail}
    organic = np.array([one not in beside for one in every], np.bool_)
    return Pool(rows_of(world, every), np.array(list(every.values()), np.float64), organic, behind=len(tail))


def shown(world, arranged):
    """Return what the engine shows in the form of the reference."""
    ids = list(world["products"])
    found = [ids[row] for row in arranged.rows.tolist()]
    dropped = {(one.rule, one.position, one.reason) for one in arranged.dropped}
    return list(zip(found, arranged.sources, arranged.pins, strict=True)), dropped, set(arranged.skipped_keeps)
