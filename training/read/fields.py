"""The request's context at a purchase (device, weather, a shop's own fields): columns of the purchases, kept by line.

A value that no request could carry is taken as unknown, counted, and its line stays.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.columns import NumberColumn, Single, TextColumn
from models.request_keys import LONGEST
from models.shop import FieldKind, Shop
from models.strings import Strings
from training.read.engine import Session, name
from training.read.facts import TableFacts
from training.read.values import Role


def field_roles(kinds: Mapping[str, FieldKind]) -> dict[str, Role]:
    """Return what the columns of fields are; a number comes as it stands, for what is no number is counted here."""
    return {one: "any" if kind == "numeric" else "text" for one, kind in kinds.items()}


def given_fields(shop: Shop, facts: TableFacts) -> dict[str, FieldKind]:
    """Return the fields that the purchases have a column for, and their kind."""
    return _among(shop, facts.mapping)


def _among(shop: Shop, names: Collection[str]) -> dict[str, FieldKind]:
    return {one: kind for one, kind in shop.context.kinds.items() if one in names}


def clean_fields(session: Session, names: Collection[str]) -> str:
    """Return the end of a select list: ``field0``, … for each field among ``names``, in the order of the shop's kinds.

    ``field0`` is the first one's value, NULL where none can be used; ``lost0`` is true where one stood there all the same.
    """
    out = ""
    for place, (one, kind) in enumerate(_among(session.shop, names).items()):
        if kind == "numeric":
            number = f"number_of_text({name(one)})"
            given, usable, value = f"id_of_text({name(one)}) is not null", f"isfinite({number})", number
        else:
            text = f"nullif(trimmed({name(one)}), '')"
            given, value = f"{text} is not null", text
            usable = f"(length({text}) <= {LONGEST} and not contains({text}, chr(0)))"
        out += f", case when {usable} then {value} end as field{place}"
        out += f", coalesce({given} and not coalesce({usable}, false), false) as lost{place}"
    return out


def count_unknown(session: Session, facts: TableFacts, fields: Mapping[str, FieldKind]) -> None:
    """Count the lines whose field had a value that cannot be used."""
    for place, (one, kind) in enumerate(fields.items()):
        lost = session.rows(f"select count(*) from lines where lost{place}")[0][0]
        why = "is no number" if kind == "numeric" else f"is no text of at most {LONGEST} characters"
        if lost:
            facts.unknown[f"{one} {why}"] += lost


def field_sql(session: Session, fields: Mapping[str, FieldKind]) -> tuple[str, str]:
    """Return the select list and the joins that give ``field0``, … of ``lines l``: numbers, and the codes of texts."""
    values = joins = ""
    for place, kind in enumerate(fields.values()):
        if kind == "numeric":
            values += f", l.field{place} as field{place}"
            continue
        session.con.execute(
            f"create temp table field{place}_values as select value, (row_number() over (order by value) - 1)::integer "
            f"as code from (select distinct field{place} as value from lines where field{place} is not null)"
        )
        values += f", coalesce(v{place}.code, -1) as field{place}"
        joins += f" left join field{place}_values v{place} on v{place}.value = l.field{place}"
    return values, joins


def columns_of_fields(
    session: Session, fields: Mapping[str, FieldKind], values: Mapping[str, npt.NDArray[Any]]
) -> dict[str, Single]:
    """Return the columns whose (n_lines,) ``values`` came by ``field_sql``."""
    out: dict[str, Single] = {}
    for place, (one, kind) in enumerate(fields.items()):
        if kind == "numeric":
            out[one] = NumberColumn(values[one].astype(np.float64))
            continue
        texts = session.rows(f"select value from field{place}_values order by code")
        out[one] = TextColumn(values[one].astype(np.int32), Strings.of(row[0] for row in texts))
    return out
