"""What the tables of ``shop.toml`` are made of."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of ``shop.toml``: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def zone_name(value: str) -> str:
    """Return ``value`` where it is an IANA zone; raise ValueError where it is not."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no IANA time zone: write Europe/London") from error
    return value
