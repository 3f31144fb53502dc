"""A source of candidates as one call asks it: within the call's budget, and silent where it fails."""

from dataclasses import dataclass

import numpy as np

from models.base import Model
from models.schema import NOTHING, Context, Floats, Ints, Scored
from recsvc.pace import Pace


@dataclass(frozen=True, slots=True)
class Asked:
    """A model behind a call's pace."""

    model: Model
    name: str
    carousel: str
    pace: Pace

    def candidates(self, context: Context, n: int) -> Scored:
        """Return what the model offers; nothing where the budget is spent or it fails."""
        return self.pace.attempt(self.carousel, self.name, lambda: self.model.candidates(context, n), NOTHING)

    def score(self, context: Context, rows: Ints) -> Floats:
        """Return (n_rows,) the model's scores; 0 where it fails."""
        nothing = np.zeros(len(rows), np.float32)
        return self.pace.guard(self.carousel, self.name, lambda: self.model.score(context, rows), nothing)
