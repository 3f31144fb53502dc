"""What is being tried on shoppers, and what came of it."""

from typing import Any

from flask import Response, g

from models.errors import StoreError
from models.shop import suggest
from recsvc.problems import ProblemError
from recsvc.results.report import experiment_report, since_of
from recsvc.results.told import report_json, tried_json
from recsvc.results.tried import Tried, tried_in
from recsvc.service import service
from recsvc.views.replies import reply


def list_experiments() -> Response:
    """Answer with the experiments that are live, on carousels and on rules."""
    return reply({"experiments": [tried_json(one) for one in _tried().values()]}, shared=False)


def show_experiment(name: str) -> Response:
    """Answer with one experiment and what came of it, as of a minute ago at most."""
    known = _tried()
    if name not in known:
        told = suggest(name[:64], known) or ": see /v1/experiments"
        raise ProblemError(404, f"No experiment {name[:64]!r}{told}")
    tried = known[name]
    try:
        told_of = service().held.get((name, tuple(tried.arms.items()), tried.kind), lambda: _report(tried))
    except StoreError as error:
        raise ProblemError(503, "The store cannot be read.", headers={"Retry-After": "1"}) from error
    g.seen = {"experiment": name}
    return reply(told_of, shared=False)


def _report(tried: Tried) -> dict[str, Any]:
    here = service()
    results = here.shop.results
    report = experiment_report(here.store, tried, results, since_of(results, here.clock(), None))
    return report_json(tried, report, results)


def _tried() -> dict[str, Tried]:
    here = service()
    return tried_in(here.shop, here.live.state.rules)
