"""Compiled loops over the arrays of one request; ``models.compiled`` is the one place that imports this file.

Each does in one pass what takes ten calls of NumPy with an array in between each: at a few hundred candidates the calls
cost more than the work. Sums run in the order of the entries, as ``np.bincount`` adds them. Whatever a processor computes
by approximation (powers, logarithms) comes in ready, so that nothing hangs on which library did it.
"""

from models.kernels_history import history as history
from models.kernels_limits import take as take
from models.kernels_lists import joined as joined
from models.kernels_lists import length as length
from models.kernels_lists import paired as paired
from models.kernels_lists import rates as rates
from models.kernels_lists import scores as scores
from models.kernels_lists import shared as shared
from models.kernels_lists import sums as sums
from models.kernels_sorted import chances as chances
from models.kernels_sorted import holding as holding
from models.kernels_sorted import products as products
from models.kernels_sorted import sales as sales
from models.kernels_table import find as find
