"""Carousels for campaigns: a table of requests through the same engine as the HTTP route, rules included."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from models.artifact import digest
from models.errors import DataError
from models.shop import Shop, suggest
from recsvc.asking import Ask, BadFilterError, UnknownCarouselError
from recsvc.batch_files import COLUMNS, REASON, RequestRow, answers_into, open_requests
from recsvc.forms import LISTS, Form, FormError, check, form_for, to_ask
from recsvc.problems import Fault
from recsvc.serving import State

SEPARATOR = "|"
"""Between the ids of a list inside of a cell."""
MOST_TOLD = 1_000
"""Refused rows that the manifest names; all are counted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not answered."""

    line: int
    reason: str


@dataclass(slots=True)
class Tally:
    """What became of a table of requests."""

    rows: int = 0
    answered: int = 0
    """Rows with a carousel, an empty one too."""
    empty: int = 0
    """Answered rows without any product."""
    items: int = 0
    n_refused: int = 0
    refused: list[Refused] = field(default_factory=list)
    models: dict[str, int] = field(default_factory=dict)
    """Version -> rows that it answered: arms of experiments may have versions of their own."""
    ids: set[str] = field(default_factory=set)
    """Of the rows that were answered."""


def run_batch(
    state: State,
    shop: Shop,
    requests: Path,
    out: Path,
    step: Callable[[int, int], None],
    known: Callable[[Ask], Ask] = lambda ask: ask,
    *,
    reasons: bool = False,
) -> Tally:
    """Answer every row of ``requests`` into ``out``, with a manifest beside it.

    Args:
        state: what answers.
        shop: whose carousels they are.
        requests: CSV or Parquet with a column ``carousel`` and any of the request context.
        out: CSV or Parquet; written whole or not at all.
        step: called after each row with the rows done and the rows there are.
        known: adds what the store knows of a request's shopper.
        reasons: write why each product is there, too.

    Raises:
        DataError: the table cannot be read, a column is unknown, nothing can be written, or every row was refused.
    """
    if requests.exists() and out.exists() and requests.samefile(out):
        raise DataError(f"{out}: is the table of requests too: name another file for the answers")
    form = form_for(shop)
    table = open_requests(requests)
    _check_columns(requests, table.columns, form)
    tally = Tally()
    with answers_into(out, COLUMNS | REASON if reasons else COLUMNS) as write:
        for row in table.rows():
            tally.rows += 1
            _answer(state, shop, form, row, tally, write, known, reasons)
            step(tally.rows, max(table.count, tally.rows))
        if tally.rows and not tally.answered:
            first = tally.refused[0]
            raise DataError(f"{requests}: every row was refused; the first, line {first.line}: {first.reason}")
    _write_manifest(state, shop, requests, out, tally)
    return tally


def manifest_of(out: Path) -> Path:
    """Return where the manifest of ``out`` lies."""
    return out.with_name(out.name + ".manifest.json")


def _check_columns(path: Path, columns: tuple[str, ...], form: type[Form]) -> None:
    known = ["request_id", "carousel", *(name for name in form.model_fields if name != "explain")]
    faults = [f"{path}: unknown column {name!r}{suggest(name, known)}" for name in columns if name not in known]
    faults += [
        f"{path}: column {name!r} is given twice" for name in sorted({n for n in columns if columns.count(n) > 1})
    ]
    if "carousel" not in columns:
        faults.append(f"{path}: no column 'carousel': every row names the one that it asks for")
    if faults:
        raise DataError("\n".join(faults))


def _answer(
    state: State,
    shop: Shop,
    form: type[Form],
    row: RequestRow,
    tally: Tally,
    write: Callable[[list[object]], object],
    known: Callable[[Ask], Ask],
    reasons: bool,
) -> None:
    request_id = row.values.get("request_id") or str(tally.rows)
    try:
        if request_id in tally.ids:
            raise FormError([Fault("request_id", f"{request_id!r} was given before: every row has its own")])
        answer = state.engine.carousel(row.values["carousel"] or "", known(_ask(row, form, shop)))
    except (FormError, UnknownCarouselError, BadFilterError) as error:
        tally.n_refused += 1
        if len(tally.refused) < MOST_TOLD:
            tally.refused.append(Refused(row.line, str(error.args[0])))
        return
    tally.ids.add(request_id)
    tally.answered += 1
    model = answer.model or "none"
    tally.models[model] = tally.models.get(model, 0) + 1
    tally.empty += not answer.items
    tally.items += len(answer.items)
    for item in answer.items:
        why = [item.reason.text] if reasons else []
        write([request_id, item.position, item.product_id, item.score, item.source, *why])


def _ask(row: RequestRow, form: type[Form], shop: Shop) -> Ask:
    if row.surplus:
        raise FormError([Fault("", f"the row has {row.surplus} cells more than there are columns")])
    given = {
        name: value.split(SEPARATOR) if name in LISTS else value
        for name, value in row.values.items()
        if value and name not in ("request_id", "carousel")
    }
    return to_ask(check(form, given, typed=False), shop)


def _write_manifest(state: State, shop: Shop, requests: Path, out: Path, tally: Tally) -> None:
    manifest = {
        "shop": shop.name,
        "model": state.model,
        "rules": state.rules_hash,
        "requests": {"file": requests.name, "sha256": digest(requests)},
        "answers": {"file": out.name, "sha256": digest(out)},
        **{name: value for name, value in asdict(tally).items() if name != "ids"},
    }
    half = manifest_of(out).with_suffix(".tmp")
    half.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", "utf-8")
    half.replace(manifest_of(out))
