"""Carousels and pages."""

from collections.abc import Sequence
from dataclasses import replace

from flask import Response, g

from recsvc.answers import carousel_json, page_json
from recsvc.asking import Answer, BadFilterError, UnknownCarouselError
from recsvc.problems import Fault, ProblemError
from recsvc.service import service
from recsvc.serving import State
from recsvc.views.reading import read_ask
from recsvc.views.replies import reply


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
    ask, state = read_ask(), service().live.state
    try:
        answer = _honest(state.engine.carousel(carousel, ask), state)
    except UnknownCarouselError as error:
        raise ProblemError(404, str(error.args[0])) from error
    except BadFilterError as error:
        raise _bad_filter(error) from error
    _note(answer.carousel, [answer])
    return reply(carousel_json(answer), shared=not answer.depends_on_shopper and not ask.explain and ask.at is None)


def show_page(page: str) -> Response:
    """Answer with all carousels of a page, de-duplicated across them."""
    ask, state = read_ask(), service().live.state
    try:
        answers = [_honest(answer, state) for answer in state.engine.page(page, ask)]
    except UnknownCarouselError as error:
        raise ProblemError(404, str(error.args[0])) from error
    except BadFilterError as error:
        raise _bad_filter(error) from error
    _note(f"page:{page}", answers)
    return reply(page_json(page, answers), shared=False)


def _bad_filter(error: BadFilterError) -> ProblemError:
    return ProblemError(422, "The filter does not parse: see errors.", [Fault("filter", str(error))])


def _honest(answer: Answer, state: State) -> Answer:
    """Return ``answer`` with the parts named that never loaded."""
    missing = [part for part in state.missing if part not in answer.degraded]
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
