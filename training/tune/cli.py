"""``recsvc-train tune``: the long search for settings, as a table, JSON and a difference of ``shop.toml``."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import GateRefusedError
from models.shop import Shop, read_shop
from training.compare import ALL
from training.judge_table import rounded
from training.metrics.bootstrap import signed
from training.options import ARTIFACTS, JSON, SEED, STORE, UNTIL, store_url
from training.pipeline import Options
from training.progress import Progress

if TYPE_CHECKING:
    from training.tune.check import Part, Verdict
    from training.tune.tune import Tuned, What


@click.command("tune")
@click.argument("shop", type=click.Path(path_type=Path))
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True,
    help="Time for trials; reading, fitting and the check come on top.",
)  # fmt: skip
@click.option(
    "--trials", type=click.IntRange(1), default=300, show_default=True, help="Most trials of each carousel."
)  # fmt: skip
@click.option("--carousel", "carousels", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option(
    "--what", type=click.Choice(["all", "models", "blends"]), default="all", show_default=True,
    help="Settings of models, weights of the carousels' sources, or both, half of the time each.",
)  # fmt: skip
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
    what: "What",
    write: bool,
    artifacts: Path,
    until: str | None,
    seed: int | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Search for the settings that suit SHOP: those of the models, then the sources of each carousel and their weights.

    Settings are tried on several weeks of the past, each known only until it began; what is found is then asked for the
    last days, which the search did not see, and compared shopper by shopper with what stands. What gains nothing there
    that its 95 % interval tells from 0 is left out. The difference for shop.toml is shown, and with --write it is
    written; comments stay. Trials are kept in tuning.db in the artifacts folder: the same call again goes on where it
    was, after Ctrl-C too.

    Exit codes: 0 something was gained, or nothing else was found; 3 what was found gains nothing on the last days.

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
        artifacts, int(now), int(now) + told.clock_offset(now), moment, seed, store=store_url(store, artifacts, told)
    )
    before = shop.read_bytes().decode("utf-8-sig")
    found = search(told, carousels, Limits(minutes, trials, what), options, Progress(quiet=as_json))
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
    """Return why nothing of what was found is worth writing; None where something is, or where nothing was found."""
    if not found.parts or found.kept:
        return None
    return f"nothing was gained on the days that the search did not see ({_why(found.parts)}): shop.toml stays as it is"


def _why(parts: "Iterable[Part]") -> str:
    return "; ".join(f"{part.name}: {_fault(part.verdict)}" for part in parts)


def _fault(verdict: "Verdict") -> str:
    lost = ", ".join(pair.task for pair in verdict.losses)
    return f"{signed(verdict.gain)}{f', and it loses in {lost} beyond the interval' if lost else ''}"


def _lines(found: "Tuned", shop: Shop, changed: str, written: bool) -> Iterator[str]:
    metric = shop.publication.metric
    yield f"{'study':<26} {'trials':>6} {'pruned':>6}  {'before':>7} {'best':>7}  on {found.pasts} weeks of the past"
    for one in found.tried:
        earlier = f"  ({one.earlier} of an earlier search)" if one.earlier else ""
        nothing = "finds nothing by itself: not tuned" if one.trials else "no time was left: --minutes gives more"
        silent = "" if one.found else f"  {nothing}"
        yield f"{one.name:<26} {one.trials:>6} {one.pruned:>6}  {one.before:>7.4f} {one.found:>7.4f}{silent}{earlier}"
    if not found.parts:
        yield "nothing better was found: shop.toml stays as it is"
        return
    yield ""
    yield "on the last days, which the search did not see, blends without rankers:"
    yield f"{'part':<26} {'task':<12} {'users':>5}  {f'before {metric}':<24} {'after':<24} gain"
    for part in found.parts:
        for pair in part.verdict.pairs:
            if pair.group == ALL:
                told = f"{pair.a[metric]!s:<24} {pair.b[metric]!s:<24} {signed(pair.difference[metric])}"
                yield f"{part.name:<26} {pair.task:<12} {pair.users:>5}  {told}"
        taken = (
            "taken"
            if part.verdict.sure
            else "left out: nothing is gained that the interval tells from 0, or a task loses"
        )
        yield f"{part.name:<26} over its tasks: {_fault(part.verdict)}: {taken}"
    if changed:
        yield ""
        yield changed
        yield f"written to {shop.file}" if written else "not written: --write does it"


def plain(found: "Tuned") -> dict[str, Any]:
    """Return the search as JSON values."""
    return {
        "studies": [one.plain() for one in found.tried],
        "pasts": found.pasts,
        "parts": [
            {
                "part": part.name, "taken": part.verdict.sure, "changes": part.changes,
                "gain": rounded({part.verdict.metric: part.verdict.gain}),
            }
            for part in found.parts
        ],
        "check": [
            {
                "part": part.name, "task": pair.task, "carousel": pair.carousel, "group": pair.group, "users": pair.users,
                "before": rounded(pair.a), "after": rounded(pair.b), "gain": rounded(pair.difference),
            }
            for part in found.parts
            for pair in part.verdict.pairs
        ],
        "changes": found.changes,
    }  # fmt: skip
