"""Boosted trees whose features are parted into bins quickly, however many weighted examples they grow from."""

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier

from models.schema import Doubles, Floats

SLOW, DRAWN = 100_000, 200_000
"""Between so many examples bins by weight take longer than the trees: of more scikit-learn draws those that its bins are made from."""


class Forest(HistGradientBoostingClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """The same trees; between ``SLOW`` and ``DRAWN`` examples each bin holds as many of them, whatever these weigh.

    By weight, scikit-learn sorts a feature again for each edge of its bins, which of 140,000 examples takes 40 seconds, and the trees
    12. In next orders of the sample the order was as good either way.
    """

    def _bin_data(self, X: Floats, *weights: Doubles | None, **told: Any) -> Any:  # noqa: N803
        return super()._bin_data(X, *((None,) if weights and SLOW <= len(X) <= DRAWN else weights), **told)
