"""One carousel of a call between the stages of the request path: plain data."""

from dataclasses import dataclass

from models.candidates import Gathered
from models.carousels import Carousel
from recsvc.rules.arrange import Shelf
from recsvc.rules.match import Active
from recsvc.trade_offs import Traded
from recsvc.trials import Trial


@dataclass(frozen=True, slots=True)
class Work:
    """One carousel of a call, from its candidates on."""

    name: str
    trial: Trial
    """The carousel as this shopper gets it."""
    size: int
    """Positions that are shown."""
    active: Active
    gathered: Gathered
    traded: Traded
    shelf: Shelf
    in_full: bool
    """False: its candidates were prepared for nobody."""

    @property
    def carousel(self) -> Carousel:
        """Its settings."""
        return self.trial.carousel
