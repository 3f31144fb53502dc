"""What shoppers did: answered once it is durable."""

from dataclasses import asdict

from flask import Response, g

from models.errors import StoreError
from recsvc.admission import aside
from recsvc.events_form import check_events
from recsvc.forms import FormError
from recsvc.problems import ProblemError
from recsvc.service import service
from recsvc.views.reading import read_body
from recsvc.views.replies import reply


def take_events() -> Response:
    """Answer 202 once the events that hold are on the disk, with what became of all of them."""
    here = service()
    try:
        checked = check_events(read_body(), here.shop, here.clock())
    except FormError as error:
        raise ProblemError(422, "Nothing was stored: see errors.", error.faults) from error
    aside()
    try:
        outcome = here.intake.take(checked.events)
    except StoreError as error:
        here.metrics.count_events(refused=len(checked.refused), unavailable=len(checked.events))
        detail = "The store takes no events now: send them again; what was stored all the same counts once."
        raise ProblemError(503, detail, headers={"Retry-After": "1"}) from error
    here.metrics.count_events(
        accepted=outcome.accepted,
        duplicate=outcome.duplicates,
        refused=len(checked.refused) + outcome.not_stored,
    )
    g.seen = {"events": outcome.accepted, "duplicates": outcome.duplicates, "rejected": len(checked.refused)}
    told = {
        **asdict(outcome),
        "clamped": checked.clamped,
        "rejected": [
            {"index": one.index, "errors": [asdict(fault) for fault in one.faults]} for one in checked.refused
        ],
    }
    answer = reply(told, shared=False)
    answer.status_code = 202
    return answer
