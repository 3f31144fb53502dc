"""The ``recsvc`` command: serve, batch, status, and the tools for the rules. Exit codes: 0 done, 1 bad input, 2 usage."""

import sys
import time
from pathlib import Path

import click
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from models.errors import RecsvcError
from recsvc.app import create_app, shop_clock
from recsvc.batch import manifest_of, run_batch
from recsvc.catalogue_cli import catalogue
from recsvc.cli_options import flags, settings_of, shop_argument
from recsvc.opening import open_state
from recsvc.results_cli import experiments, results
from recsvc.rules_cli import rules
from recsvc.service import service_of
from recsvc.serving import State
from recsvc.sessions import Sessions
from recsvc.settings import Settings
from recsvc.status_cli import status
from recsvc.store.database import Store
from recsvc.store.prompt import PATIENT_MS
from recsvc.store.refusals import Refusals
from recsvc.store_cli import store as store_commands
from recsvc.wsgi import Server, bind_host, check_port

MOST_SHOWN = 10
"""Refused rows shown on the terminal; the manifest has more."""


@click.group(epilog="Every setting has an environment name too: a flag beats it, and it beats shop.toml.")
@click.version_option(package_name="recsvc")
def cli() -> None:
    """Product recommendations for shops, served as ranked carousels."""


cli.add_command(catalogue)
cli.add_command(experiments)
cli.add_command(results)
cli.add_command(rules)
cli.add_command(status)
cli.add_command(store_commands)


def main() -> None:
    """Run the command; what is wrong with the input ends it with a message and exit code 1."""
    try:
        cli()
    except RecsvcError as error:
        click.echo("\n".join(f"recsvc: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(1)


@cli.command()
@shop_argument
@flags("host", "port", "workers", "threads", "artifacts", "rules", "store")
def serve(shop: Path, **given: str | None) -> None:
    """Serve the carousels of SHOP over HTTP until Ctrl-C.

    Without keys (RECSVC_KEYS) the service listens on this machine only.
    """
    told, settings = settings_of(shop, given)
    host = bind_host(settings)
    check_port(host, settings.port)
    app = create_app(told, settings)
    state = service_of(app).live.state

    def announce(url: str) -> None:
        for line in [f"{told.name} at {url} (try it: {url}/docs)", *_live(state), *_keys(settings, host)]:
            click.echo(f"recsvc: {line}", err=True)

    Server(app, settings, announce).run()


def _live(state: State) -> list[str]:
    lines = [f"model {state.model or 'none yet: carousels stay empty until `recsvc-train run` publishes one'}"]
    lines.append(f"rules {state.rules_hash or 'none'}")
    return lines + [f"TROUBLE {trouble.part}: {trouble.cause}" for trouble in state.troubles]


def _keys(settings: Settings, host: str) -> list[str]:
    if settings.keys:
        easy = settings.keys.easy
        return [f"{easy} of the keys are short: take 16 characters or more"] if easy else []
    moved = "" if host == settings.host else f", not on {settings.host}"
    return [f"no keys are set (RECSVC_KEYS): listening on {host} only{moved}; at and explain are open"]


@cli.command()
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
    clock, refusals = shop_clock(told), Refusals(store)
    state = open_state(told, settings.artifacts, settings.rules, clock, store)
    refusals.follow()
    sessions = Sessions(store, refusals, clock, PATIENT_MS)
    store.close()
    for trouble in state.troubles:
        click.echo(f"recsvc: TROUBLE {trouble.part} {trouble.file}: {trouble.cause}", err=True)
    with tqdm(unit=" rows", desc="batch", disable=None, file=sys.stderr) as bar:

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
