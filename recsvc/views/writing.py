"""What every view that writes to the store shares."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from models.errors import StoreError
from recsvc.problems import ProblemError
from recsvc.service import service


@contextmanager
def writing() -> Iterator[Connection]:
    """Give a connection; what is written with it is on the disk when the block ends.

    Raises:
        ProblemError: 503, the store cannot be written; nothing was.
    """
    try:
        with service().store.write() as connection:
            yield connection
    except StoreError as error:
        detail = "Nothing was stored: the store cannot be written."
        raise ProblemError(503, detail, headers={"Retry-After": "1"}) from error
