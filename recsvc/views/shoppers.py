"""Who a shopper is, what a shopper allows, and erasure. An id stands for a user and for a visitor of that id alike."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar

from flask import Response, g, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import StoreError
from models.request_keys import LONGEST
from models.schema import UNKNOWN
from recsvc.forms import FormError, Text
from recsvc.problems import Fault, ProblemError
from recsvc.service import Service, service
from recsvc.store.shoppers import allow, clean, erase, find, link
from recsvc.views.reading import read_body
from recsvc.views.replies import reply
from recsvc.views.writing import writing

Body = TypeVar("Body", bound=BaseModel)
SWITCH = {"true": True, "false": False}


class LinkBody(BaseModel):
    """Which visitor a user is."""

    model_config = ConfigDict(extra="forbid", title="Link")

    visitor_id: Text = Field(min_length=1, description="The anonymous shopper who turned out to be this user.")


class ConsentBody(BaseModel):
    """What a shopper allows; what is left out stays as it was."""

    model_config = ConfigDict(extra="forbid", title="Consent")

    personalisation: bool | None = Field(None, description="False: no personal model, no session, no history.")
    storage: bool | None = Field(None, description="False: no event is stored from now on.")


def link_visitor(user_id: str) -> Response:
    """Answer once a visitor is the user, with how many events became the user's."""
    _check(user_id)
    visitor_id = _body(LinkBody).visitor_id
    with writing() as connection:
        moved = link(connection, user_id, visitor_id, service().clock())
    return _done({"user_id": user_id, "visitor_id": visitor_id, "events": moved})


def set_consent(user_id: str) -> Response:
    """Answer once it is kept what a shopper allows."""
    _check(user_id)
    body = _body(ConsentBody)
    if body.personalisation is None and body.storage is None:
        raise ProblemError(422, "Nothing was stored.", [Fault("", "give personalisation, storage or both")])
    here = service()
    with writing() as connection:
        after = allow(connection, user_id, body.personalisation, body.storage, here.clock())
    here.sessions.follow()  # this process knows at once, the others within a second
    return _done({"user_id": user_id, **asdict(after)})


def erase_shopper(user_id: str) -> Response:
    """Answer what is known of a shopper and, but for a dry run, that it is gone."""
    _check(user_id)
    here, dry = service(), _dry_run()
    told = _elsewhere(here, user_id)  # before: afterwards the live version does not know the shopper any more
    cleaned: bool | None = None
    with writing() as connection:
        found = find(connection, user_id) if dry else erase(connection, user_id, here.clock())
    if not dry:
        here.sessions.follow()
        cleaned = False
        with suppress(StoreError):  # it is deleted already; the next erasure, or the database itself, cleans up
            cleaned = clean(here.store)
    return _done({"user_id": user_id, "dry_run": dry, "deleted": asdict(found), **told, "files_clean": cleaned})


def _elsewhere(here: Service, user_id: str) -> dict[str, Any]:
    """Return what is known of a user outside of the store."""
    state = here.live.state
    snapshot = state.engine.snapshot
    row = snapshot.users.row(user_id)
    trained = None
    if row != UNKNOWN:
        trained = {"version": snapshot.version, "purchases": len(snapshot.histories.of_user(row))}
    return {"trained": trained, "lists": sorted(name for name, ids in state.lists.items() if user_id in ids)}


def _done(facts: dict[str, Any]) -> Response:
    g.seen = {}
    return reply(facts, shared=False)


def _check(user_id: str) -> None:
    if len(user_id) > LONGEST or "\x00" in user_id:
        raise ProblemError(422, f"This is no id: take at most {LONGEST} characters, without NUL.")


def _dry_run() -> bool:
    given = request.args.get("dry_run", "false").lower()
    if given not in SWITCH or set(request.args) - {"dry_run"}:
        raise ProblemError(422, "Nothing was erased.", [Fault("dry_run", "must be true or false, and nothing else is")])
    return SWITCH[given]


def _body(form: type[Body]) -> Body:
    try:
        return form.model_validate(read_body(), strict=True)
    except FormError as error:
        raise ProblemError(422, "Nothing was stored: see errors.", error.faults) from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [Fault(".".join(str(part)[:64] for part in one["loc"]), one["msg"]) for one in found]
        raise ProblemError(422, "Nothing was stored: see errors.", faults) from error
