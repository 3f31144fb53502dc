"""The command ``recsvc batch``."""

import sys
import time
from contextlib import closing
from pathlib import Path

import click
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from recsvc.batch import manifest_of, run_batch
from recsvc.cli_options import flags, settings_of, shop_argument
from recsvc.clock import shop_clock
from recsvc.opening import is_there, open_state
from recsvc.sessions import Sessions
from recsvc.store.database import Store
from recsvc.store.prompt import PATIENT_MS
from recsvc.store.refusals import Refusals

MOST_SHOWN = 10
"""Refused rows shown on the terminal; the manifest has more."""


@click.command()
@shop_argument
@click.option(
    "--requests", required=True, type=click.Path(path_type=Path), help="CSV or Parquet (.parquet) of requests."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV or Parquet (.parquet) of answers.")
@click.option("--no-experiments", is_flag=True, help="Nobody is in an arm: the carousels are those of SHOP itself.")
@click.option("--reasons", is_flag=True, help="A further column: why each product is there, as shoppers read it.")
@flags("artifacts", "rules", "store")
def batch(shop: Path, requests: Path, out: Path, no_experiments: bool, reasons: bool, **given: str | None) -> None:
    """Answer a table of requests with carousels of SHOP, as the HTTP route does, rules included.

    REQUESTS has a column `carousel`, and any of `request_id`, `user_id`, `product_id`, `cart`, `recent`, `candidates`,
    `exclude` (lists separated by |), `store_id`, `at`, `size`, `offset`, `device`, … and the fields that SHOP declares.
    A column that nobody knows stops the run. A row that does not hold is refused, counted and named with its line and
    reason; the run fails (exit code 1, no output) only where every row is refused. Ids that nobody knows are no fault.

    What the store was told of products and stock counts, where there is a store; so does what shoppers did until now, in
    rows without `at`. Who was erased is nobody, and who refused personalisation gets none.

    OUT has `request_id, position, product_id, score, source` (and `reason` with --reasons); beside it lies OUT.manifest.json with the version of the
    models, the hash of the rules and the counts.
    """
    told, settings = settings_of(shop, given)
    told = told.model_copy(update={"experiments": {}}) if no_experiments else told
    threadpool_limits(1)
    store = Store(settings.store)
    is_there(store, settings)
    clock, refusals = shop_clock(told), Refusals(store)
    state = open_state(told, settings.artifacts, settings.rules, clock, store)
    refusals.follow()
    sessions = Sessions(store, refusals, clock, PATIENT_MS)
    store.close()
    for trouble in state.troubles:
        click.echo(f"recsvc: TROUBLE {trouble.part} {trouble.file}: {trouble.cause}", err=True)
    with closing(sessions), tqdm(unit=" rows", desc="batch", disable=None, file=sys.stderr) as bar:

        def step(done: int, rows: int) -> None:
            bar.total = rows
            bar.update(done - bar.n)

        began = time.perf_counter()
        tally = run_batch(
            state,
            told,
            requests,
            out,
            step,
            lambda ask: sessions.known(ask, state.until),
            reasons=reasons,
        )
    for refused in tally.refused[:MOST_SHOWN]:
        click.echo(f"recsvc: {requests}, line {refused.line}: refused: {refused.reason}", err=True)
    click.echo(
        f"recsvc: {tally.answered} of {tally.rows} rows answered ({tally.empty} of them empty), {tally.n_refused} refused, "
        f"{tally.items} products in {time.perf_counter() - began:.1f} s: {out}, {manifest_of(out).name}",
        err=True,
    )
