"""``recsvc-train tune``: the long search for settings, as a table, JSON and a difference of ``shop.toml``."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import GateRefusedError
from models.shop import Shop, read_shop
from models.shoppers import default_store
from training.compare import ALL
from training.judge_table import rounded
from training.metrics.bootstrap import signed
from training.options import ARTIFACTS, JSON, SEED, STORE, UNTIL
from training.pipeline import Options
from training.progress import Progress

if TYPE_CHECKING:
    from training.tune.tune import Tuned


@click.command("tune")
@click.argument("shop", type=click.Path(path_type=Path))
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
    help="Time for the search; reading and the check come on top.",
)  # fmt: skip
@click.option(
    "--trials", type=click.IntRange(1), default=300, show_default=True, help="Most trials of each carousel."
)  # fmt: skip
@click.option("--carousel", "carousels", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option(
    "--write/--dry-run", default=False, help="Write the settings into SHOP, or show only what would change (the default)."
)  # fmt: skip
@ARTIFACTS
@UNTIL
@SEED
@STORE
@JSON
def tune(
    shop: Path,
    minutes: float,
    trials: int,
    carousels: tuple[str, ...],
    write: bool,
    artifacts: Path,
    until: str | None,
    seed: int | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Search for the settings that suit SHOP: the sources of each carousel and their weights.

    Settings are tried on several weeks of the past, each known only until it began; what is found is then asked for the
    last days, which the search did not see, and compared shopper by shopper with what a run takes by itself. The difference
    for shop.toml is shown, and with --write it is written; comments stay. Trials are kept in tuning.db in the artifacts
    folder: the same call again goes on where it was, after Ctrl-C too.

    Exit code 3: what was found is no better on the last days, and is not written.

    \b
    Example:
      recsvc-train tune examples/complete-journey/shop.toml --minutes 60 --write
    """
    from training.tune.tune import Limits  # here: no other command waits for optuna
    from training.tune.tune import tune as search
    from training.tune.write import difference, with_changes, write_checked

    told, now = read_shop(shop), time.time()
    moment = None if until is None else told.moment(until)
    options = Options(
        artifacts, int(now), int(now) + told.clock_offset(now), moment, seed, store=store or default_store(artifacts)
    )
    before = shop.read_bytes().decode("utf-8-sig")
    found = search(told, carousels, Limits(minutes, trials), options, Progress(quiet=as_json))
    after = with_changes(before, found.changes)
    changed, refused = difference(shop, before, after), refusal(found)
    written = write and bool(changed) and refused is None
    if written:
        write_checked(shop, before, after)
    if as_json:
        out = {**plain(found), "difference": changed, "written": written, "refused": refused}
        click.echo(json.dumps(out, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found, told, changed, written)))
    if refused is not None:
        raise GateRefusedError(refused)


def refusal(found: "Tuned") -> str | None:
    """Return why what was found is not worth writing; None where it is, or where nothing was found."""
    if found.verdict is None or (found.verdict.gain > 0 and not found.verdict.losses):
        return None
    lost = ", ".join(pair.task for pair in found.verdict.losses)
    why = f"it loses in {lost} beyond the interval" if lost else "it gains nothing there"
    return f"what was found is no better on the days that the search did not see ({why}): shop.toml stays as it is"


def _lines(found: "Tuned", shop: Shop, changed: str, written: bool) -> Iterator[str]:
    metric = shop.publication.metric
    yield f"{'study':<26} {'trials':>6} {'pruned':>6}  {'before':>7} {'best':>7}  on {found.pasts} weeks of the past"
    for one in found.tried:
        earlier = f"  ({one.earlier} of an earlier search)" if one.earlier else ""
        yield f"{one.name:<26} {one.trials:>6} {one.pruned:>6}  {one.before:>7.4f} {one.found:>7.4f}{earlier}"
    if found.verdict is None:
        yield "nothing better was found: shop.toml stays as it is"
        return
    yield ""
    yield "on the last days, which the search did not see, blends without rankers:"
    yield f"{'task':<12} {'carousel':<18} {'users':>5}  {f'before {metric}':<24} {'after':<24} gain"
    for pair in found.verdict.pairs:
        if pair.group == ALL:
            told = f"{pair.a[metric]!s:<24} {pair.b[metric]!s:<24} {signed(pair.difference[metric])}"
            yield f"{pair.task:<12} {pair.carousel:<18} {pair.users:>5}  {told}"
    yield ""
    yield changed
    yield f"written to {shop.file}" if written else "not written: --write does it"


def plain(found: "Tuned") -> dict[str, Any]:
    """Return the search as JSON values."""
    pairs = found.verdict.pairs if found.verdict is not None else ()
    return {
        "studies": [one.plain() for one in found.tried],
        "pasts": found.pasts,
        "check": [
            {
                "task": pair.task, "carousel": pair.carousel, "group": pair.group, "users": pair.users,
                "before": rounded(pair.a), "after": rounded(pair.b), "gain": rounded(pair.difference),
            }
            for pair in pairs
        ],
        "changes": found.changes,
    }  # fmt: skip
