"""The contextual ranker: how likely is this product bought in this moment? Gradient-boosted trees over ``features``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.errors import ArtifactError, NotFittedError
from models.schema import Arrays, Doubles, Floats, Ints, take
from models.strings import Strings
from models.trees import Trees

DEPTHS: Mapping[str, Mapping[str, int]] = {
    "next-order": {"buy-again": 240, "kinds": 80, "store-popularity": 60, "popularity": 40},
    "discovery": {
        "ease": 200,
        "kinds": 150,
        "user-neighbours": 120,
        "newcomers": 60,
        "store-popularity": 100,
        "als": 60,
        "popularity": 20,
    },
    "complements": {"bought-together": 150, "buy-again": 200, "store-popularity": 80, "kinds": 40, "popularity": 40},
}
"""Ranker -> candidates that compete for it, by source: the same in training and serving."""


@dataclass
class Ranker:
    """Trees, and how the texts among the features become numbers."""

    columns_: Ints = field(default_factory=lambda: np.empty(0, np.int32))
    """(n_used,) the features that training knew anything about."""
    names_: tuple[str, ...] = ()
    """Of all features, in the order of ``models.features.names``."""
    codes_: dict[int, Floats] = field(default_factory=dict)
    """Feature that holds codes -> the number for each code + 1; 0 stands for no value."""
    trees_: Trees | None = None

    def encode(self, features: Floats) -> Floats:
        """Return the (n, n_used) columns of (n, n_features) ``features`` that the trees read, codes as numbers.

        A code that training never saw counts as no value.
        """
        out = features.T[self.columns_].T  # each column lies together, as the walk through the trees wants it
        for place, feature in enumerate(self.columns_.tolist()):
            numbers = self.codes_.get(feature)
            if numbers is not None:
                code = out[:, place].astype(np.int64) + 1
                out[:, place] = numbers[np.where(code < len(numbers), code, 0)]
        return out

    def score(self, features: Floats) -> Doubles:
        """Return (n,) probabilities in (0, 1) for the rows of ``features``.

        Raises:
            NotFittedError: neither fitted nor loaded.
        """
        if self.trees_ is None:
            raise NotFittedError("Ranker: fit it or load an artifact first")
        return self.trees_.probability(self.encode(features))

    def arrays(self) -> Arrays:
        """Return the trees, the encodings and the names of the features."""
        if self.trees_ is None:
            raise NotFittedError("Ranker: fit it or load an artifact first")
        codes = {f"codes.{feature}": numbers for feature, numbers in self.codes_.items()}
        trees = {f"trees.{name}": array for name, array in self.trees_.arrays().items()}
        return {"columns": self.columns_, **Strings.of(self.names_).arrays("names"), **codes, **trees}

    @classmethod
    def load(cls, arrays: Arrays, names: tuple[str, ...]) -> "Ranker":
        """Return the ranker of an artifact.

        Args:
            arrays: see ``arrays()``.
            names: the features that this recsvc makes for the artifact.

        Raises:
            ArtifactError: it was trained on other features, or a tree does not hold.
        """
        if tuple(Strings.load(arrays, "names")) != names:
            raise ArtifactError("the ranker was trained on other features than this recsvc makes: train again")
        columns = take(arrays, "columns", np.int32)
        if len(columns) and not 0 <= columns.min() <= columns.max() < len(names):
            raise ArtifactError("the ranker reads a feature that does not exist: train again")
        codes = {
            int(name.split(".")[1]): take(arrays, name, np.float32) for name in arrays if name.startswith("codes.")
        }
        trees = Trees.load(
            {name.removeprefix("trees."): array for name, array in arrays.items() if name.startswith("trees.")}
        )
        return cls(columns, names, codes, trees)
