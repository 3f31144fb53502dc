"""How many threads the libraries compute with, so that the same sums are made of the same parts."""

from threadpoolctl import threadpool_limits


def limited(threads: int) -> threadpool_limits:
    """Return a context in which every BLAS and OpenMP computes with ``threads`` threads; 0: as many as they have.

    SciPy brings a BLAS of its own, and one that is loaded inside of the context would know no limit: a first fit in a
    process then differs from the second in its last bits. So it is loaded here.
    """
    import scipy.linalg  # noqa: F401

    return threadpool_limits(threads or None)
