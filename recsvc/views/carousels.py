"""Carousels and pages."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import orjson
from flask import Response, g, request

from recsvc.answers import carousel_json, page_json
from recsvc.asking import Answer, Ask, BadFilterError, UnknownCarouselError
from recsvc.desk import Call, Served
from recsvc.pace import Pace
from recsvc.problems import Fault, ProblemError
from recsvc.service import service
from recsvc.serving import State
from recsvc.sessions import PART as SESSIONS
from recsvc.shared_answers import CROWDED, Shared, shared_key
from recsvc.views.reading import read_ask
from recsvc.views.replies import reply, reply_json


def list_carousels() -> Response:
    """Answer with the shop's carousels, their titles and policies, and its pages."""
    shop = service().shop
    carousels = [
        {"carousel": name, **one.model_dump(include={"title", "size", "bought", "in_cart", "in_stock", "fallback"})}
        for name, one in shop.carousels.items()
    ]
    return reply({"carousels": carousels, "pages": shop.pages}, shared=True)


def show_carousel(carousel: str) -> Response:
    """Answer with one ranked carousel."""
    ask, state = _asked()
    here, key, crowded = service(), shared_key(carousel, ask), CROWDED in request.environ
    now = here.clock()
    if key is not None and not crowded and (held := here.shared.get(state, now, key)) is not None:
        here.metrics.count_served(held.served, state)
        g.seen, g.ready = dict(held.seen), (state, now, held)
        return reply_json(held.body, shared=True)
    served = _served(lambda pace: [state.engine.carousel(carousel, ask, pace)], carousel, ask, state)
    (answer,) = served.answers
    same = not (answer.depends_on_shopper or answer.degraded or ask.explain) and ask.at is None
    body = orjson.dumps(carousel_json(answer))
    ready = _again(served, body)
    if key is not None and same:
        here.shared.keep(state, now, key, ready)
    if crowded or (key is not None and same):
        g.ready = (state, now, ready)
    return reply_json(body, shared=same)


def show_page(page: str) -> Response:
    """Answer with all carousels of a page, de-duplicated across them."""
    ask, state = _asked()
    served = _served(lambda pace: state.engine.page(page, ask, pace), f"page:{page}", ask, state)
    body = orjson.dumps(page_json(page, served.answers))
    if CROWDED in request.environ:
        g.ready = (state, service().clock(), _again(served, body))
    return reply_json(body, shared=False)


def _again(served: Served, body: bytes) -> Shared:
    """Return an answer to be sent again; its stages were timed once."""
    pace = Pace(prepared=served.pace.prepared, held=served.pace.held)
    return Shared(replace(served, pace=pace), body, g.seen)


def _asked() -> tuple[Ask, State]:
    """Return what the request asks, with what is known of its shopper, and what answers it."""
    here = service()
    ask, state = read_ask(), here.live.state
    began = perf_counter()
    known = here.sessions.known(ask, state.until)
    g.read = perf_counter() - began
    return known, state


def _served(call: Call, whole: str, ask: Ask, state: State) -> Served:
    """Return what the desk answers to ``call``, counted and noted; ``whole`` names the carousel or the page.

    Raises:
        ProblemError: there is no such carousel or page, or the filter does not parse.
    """
    here = service()
    try:
        served = here.desk.serve(call, whole, g.arrived, read=g.read, patient=ask.explain)
    except UnknownCarouselError as error:
        raise ProblemError(404, str(error.args[0])) from error
    except BadFilterError as error:
        detail = "The filter does not parse: see errors."
        raise ProblemError(422, detail, [Fault("filter", str(error))]) from error
    served = replace(served, answers=[_honest(answer, state, ask) for answer in served.answers])
    here.metrics.count_served(served, state)
    here.exposer.note(served.answers, ask, g.request_id, here.clock(), state.rules)
    g.spent = served.pace.spent
    _note(whole, served.answers)
    return served


def _honest(answer: Answer, state: State, ask: Ask) -> Answer:
    """Return ``answer`` with the parts named that never loaded, or could not be read."""
    blind = (SESSIONS,) if ask.lately is not None and ask.lately.degraded else ()
    missing = [part for part in (*state.missing, *blind) if part not in answer.degraded]
    return replace(answer, degraded=(*answer.degraded, *missing)) if missing else answer


def _note(carousel: str, answers: Sequence[Answer]) -> None:
    """Leave for the access log what was answered; the names come from the configuration, not from the request."""
    g.seen = {
        "carousel": carousel,
        "items": sum(len(answer.items) for answer in answers),
        "fallback": next((answer.fallback for answer in answers if answer.fallback), None),
        "degraded": sorted({part for answer in answers for part in answer.degraded}),
        "model": answers[0].model if answers else None,
    }
