"""What models share that work out at once all that they would offer: the best of it are candidates, all else scores 0."""

from abc import ABC, abstractmethod

from models.lists import scores_of
from models.schema import Context, Floats, Ints, Scored, best


class OffersAll(ABC):
    """``candidates`` and ``score`` of a model that has ``_all``."""

    @abstractmethod
    def _all(self, context: Context) -> Scored:
        """Return every product that the model offers, in any order."""

    def candidates(self, context: Context, n: int) -> Scored:
        """Return the best ``n`` of what the model offers; nothing where the context says nothing to it."""
        found = self._all(context)
        return best(found.scores, n, found.rows)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return (n_rows,) the scores of ``rows``; 0 for what the model does not offer."""
        return scores_of(self._all(context), rows)
