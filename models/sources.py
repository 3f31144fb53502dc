"""Every model that offers candidates, by the name that a carousel's blend uses. A new model is one file and one line here."""

from models.als import ALS
from models.base import Model
from models.bought_together import BoughtTogether
from models.buy_again import BuyAgain
from models.ease import Ease
from models.item_neighbours import ItemNeighbours
from models.kinds import Kinds
from models.newcomers import Newcomers
from models.popularity import CategoryPopularity, Popularity, StorePopularity
from models.recently_viewed import RecentlyViewed
from models.similar import Similar
from models.trends import NewArrivals, Trending
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


def new_models() -> dict[str, Model]:
    """Return one unfitted model of each kind with its default settings, by source name."""
    return {kind.source: kind() for kind in MODELS}
