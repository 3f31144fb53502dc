"""What the service answers to events, links, consent and erasure, as the OpenAPI document describes it."""

from pydantic import Field

from recsvc.answers import FaultPart, Part

_REQUEST_ID = "^[A-Za-z0-9_-]{8,64}$"


class RejectedPart(Part):
    """An event that was not stored."""

    index: int = Field(ge=0, description="In the list that was sent, from 0.")
    errors: list[FaultPart]


class EventsAnswer(Part):
    """What became of the events of one call."""

    request_id: str = Field(pattern=_REQUEST_ID)
    accepted: int = Field(description="Stored, and on the disk.")
    duplicates: int = Field(description="Their event_id was stored before.")
    not_stored: int = Field(description="Their shopper does not allow it, or was erased after they happened.")
    clamped: int = Field(description="Their time was moved into the last year.")
    rejected: list[RejectedPart]


class LinkAnswer(Part):
    """A visitor is a user."""

    request_id: str = Field(pattern=_REQUEST_ID)
    user_id: str
    visitor_id: str
    events: int = Field(description="Events of the visitor that are the user's now.")


class ConsentAnswer(Part):
    """What a shopper allows."""

    request_id: str = Field(pattern=_REQUEST_ID)
    user_id: str
    personalisation: bool
    storage: bool


class DeletedPart(Part):
    """Rows of the store about a shopper."""

    events: int
    exposures: int
    links: int
    consent: int
    units: int = Field(description="By whose id users are drawn for experiments.")
    visitors: int = Field(description="Visitors who were linked to this user.")


class TrainedPart(Part):
    """What the version in service learned of a shopper; it is not used any more."""

    version: str
    purchases: int


class ErasureAnswer(Part):
    """What was deleted or, with dry_run, would be."""

    request_id: str = Field(pattern=_REQUEST_ID)
    user_id: str
    dry_run: bool
    deleted: DeletedPart
    trained: TrainedPart | None
    lists: list[str] = Field(description="Lists of ids beside the rules that name the shopper: edit them.")
    files_clean: bool | None = Field(
        description="Whether it is out of the store's files too; null where nobody looked: a dry run, and PostgreSQL."
    )
