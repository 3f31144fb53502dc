"""Every model that offers candidates, by the name that a carousel's blend uses. A new model is one file and one line here."""

from collections.abc import Mapping
from typing import Any

from models.als import ALS
from models.base import Model
from models.bought_together import BoughtTogether
from models.buy_again import BuyAgain
from models.ease import Ease
from models.item_neighbours import ItemNeighbours
from models.kinds import Kinds
from models.new_arrivals import NewArrivals
from models.newcomers import Newcomers
from models.next_in_session import NextInSession
from models.popularity import CategoryPopularity, Popularity, StorePopularity
from models.recently_viewed import RecentlyViewed
from models.settings_of import with_settings
from models.similar import Similar
from models.trends import Trending
from models.user_neighbours import UserNeighbours
from models.vectors import Vectors
from models.words import Words

MODELS: tuple[type[Model], ...] = (
    BuyAgain,
    Kinds,
    ALS,
    Ease,
    UserNeighbours,
    ItemNeighbours,
    BoughtTogether,
    NextInSession,
    Similar,
    Words,
    Vectors,
    Popularity,
    StorePopularity,
    CategoryPopularity,
    Trending,
    NewArrivals,
    Newcomers,
    RecentlyViewed,
)


def new_models(settings: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Model]:
    """Return one unfitted model of each kind by source name, with its defaults but for ``settings`` by source."""
    given = settings or {}
    return {kind.source: with_settings(kind, given.get(kind.source, {})) for kind in MODELS}
