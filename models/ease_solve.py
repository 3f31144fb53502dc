"""The two ways to solve EASE, and the best of a matrix by rows; memory stays bounded by working in blocks.

Source: Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019, section 3.1. With P = (X'X + lambda I)^-1
the weights are B_ij = -P_ij / P_jj off the diagonal and 0 on it, and a shopper's scores are X B.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.lists import RankedLists, best_entries
from models.schema import NO_ROWS, Floats, Ints, Longs

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

COLUMNS = 4096
"""Products that are solved at once."""
CELLS = 8_000_000
"""Cells of a block of scores."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best positive cells of a matrix, by row; all of shape (n_entries,)."""

    rows: Longs
    columns: Longs
    values: Floats


def best_of(scores: Floats, length: int) -> Best:
    """Return the ``length`` highest cells of each row of ``scores``, as far as they are above 0."""
    length = min(length, scores.shape[1])
    top = np.argpartition(-scores, length - 1, axis=1)[:, :length]
    values = np.take_along_axis(scores, top, axis=1)
    rows, place = np.nonzero(values > 0)
    return Best(rows, top[rows, place], values[rows, place])


def best_apart(scores: Floats, length: int, own: "csr_matrix") -> Best:
    """Return the ``length`` highest cells of each row among those that ``own`` holds, and as many of the others.

    What a shopper bought would else fill the list, and leave no room for what is new.
    """
    row, column = own.nonzero()
    values = scores[row, column]
    scores[row, column] = 0
    kept = best_entries(row, column.astype(np.int32), values, len(scores), length)[1]
    kept = kept[values[kept] > 0]
    others = best_of(scores, length)
    return Best(
        np.concatenate([row[kept], others.rows]),
        np.concatenate([column[kept], others.columns]),
        np.concatenate([values[kept], others.values]),
    )


def best_by_blocks(
    n_rows: int,
    n_columns: int,
    length: int,
    scores: Callable[[int, int], Floats],
    threads: int,
    own: "csr_matrix | None" = None,
) -> RankedLists:
    """Return the best columns of each row of a matrix that is never whole in memory; nothing where it has no rows.

    Args:
        n_rows: rows of the matrix.
        n_columns: its columns.
        length: cells kept of each row at most.
        scores: (start, end) -> those rows of the matrix; called from several threads.
        threads: 0 = all cores.
        own: cells that get a list of their own, see ``best_apart``; its block of ``scores`` is changed.
    """

    def block(start: int) -> RankedLists:
        end = min(start + step, n_rows)
        cells = scores(start, end)
        found = best_of(cells, length) if own is None else best_apart(cells, length, own[start:end])
        return RankedLists.of(found.rows, found.columns.astype(np.int32), found.values, end - start, 2 * length)

    step = max(1, CELLS // max(n_columns, 1))
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        blocks = list(pool.map(block, range(0, n_rows, step)))
    counts = np.concatenate([NO_ROWS, *(np.diff(one.ptr) for one in blocks)])
    rows = np.concatenate([NO_ROWS, *(one.rows for one in blocks)])
    values = np.concatenate([np.empty(0, np.float32), *(one.scores for one in blocks)])
    return RankedLists(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), rows, values)


def spread(lists: RankedLists, keys: Longs, kept: Ints, n_keys: int) -> RankedLists:
    """Return ``lists`` under ascending ``keys`` of ``n_keys``, their rows as places in the ascending ``kept``."""
    counts = np.zeros(n_keys, np.int64)
    counts[keys] = np.diff(lists.ptr)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return RankedLists(ptr, kept[lists.rows].astype(np.int32), lists.scores)


@dataclass(frozen=True, slots=True)
class Dual:
    """Scores of all shoppers, by a matrix of users x users: exact, for fewer shoppers than products.

    With K = X X' + lambda I: X B = X - K^-1 X / diag(P), and diag(P)_j = (1 - x_j' K^-1 x_j) / lambda (Woodbury);
    B_ij = x_i' K^-1 x_j / (lambda diag(P)_j).
    """

    scores: Floats
    """(n_users, n_products)"""
    solved: Floats
    """(n_users, n_offered): K^-1 x_j / (lambda diag(P)_j) of the products whose weights were asked for."""

    @classmethod
    def solve(cls, users: "csc_matrix", regularization: float, offered: Longs) -> "Dual":
        """Return the scores of the (n_users, n_products) matrix ``users``; ``offered`` are ascending columns."""
        inverse = _inverse((users @ users.T).toarray(), regularization).T  # symmetric; so its rows lie together
        scores = np.empty(users.shape, np.float32)
        kept, by_product = [], users.T.tocsr()
        for start in range(0, users.shape[1], COLUMNS):
            block = by_product[start : start + COLUMNS]
            solved = block @ inverse  # of sparse rows: a fiftieth of the work that solving for dense ones is
            row, user = block.nonzero()
            own = np.bincount(row, block.data * solved[row, user], minlength=len(solved))
            diagonal = ((1 - own) / regularization).astype(np.float32)
            low, high = np.searchsorted(offered, (start, start + COLUMNS))
            here = offered[low:high] - start
            kept.append((solved[here] / (regularization * diagonal[here, None])).T)
            solved /= -diagonal[:, None]
            solved[row, user] += block.data
            scores[:, start : start + COLUMNS] = solved.T
        return cls(scores, np.concatenate(kept, axis=1))

    def weights(self, users: "csc_matrix", offered: Longs, length: int, threads: int) -> RankedLists:
        """Return the best weights of each product towards ``offered`` ones, by column of ``users``."""
        by_product = users.T.tocsr()

        def block(start: int, end: int) -> Floats:
            out = np.asarray(by_product[start:end] @ self.solved, np.float32)
            own = np.flatnonzero((offered >= start) & (offered < end))
            out[offered[own] - start, own] = 0
            return out

        found = best_by_blocks(by_product.shape[0], len(offered), length, block, threads)
        return RankedLists(found.ptr, offered[found.rows].astype(np.int32), found.scores)


def _inverse(gram: Floats, regularization: float) -> Floats:
    """Return the inverse of ``gram``, (n, n), with ``regularization`` on its diagonal; in its place."""
    from scipy.linalg.lapack import spotrf, spotri

    gram = np.asfortranarray(gram, np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    factor, fault = spotrf(gram, lower=1, overwrite_a=1)
    if fault:
        raise ArithmeticError(f"EASE: no Cholesky factor ({fault}): raise its regularization above {regularization}")
    inverse: Floats = spotri(factor, lower=1, overwrite_c=1)[0]  # the lower triangle only
    for start, end in _blocks(len(inverse)):
        corner = np.tril(inverse[start:end, start:end])
        inverse[start:end, start:end] = corner + np.tril(corner, -1).T
        inverse[start:end, end:] = inverse[end:, start:end].T
    return inverse


def primal(users: "csr_matrix", regularization: float) -> Floats:
    """Return the (n_products, n_products) weights B, by the inverse of a matrix of products x products: exact.

    Takes 4 bytes a cell, in place, and a few blocks.
    """
    n, by_product = users.shape[1], users.T.tocsr()
    gram = np.empty((n, n), np.float32, order="F")
    for start, end in _blocks(n):
        gram[:, start:end] = (by_product @ users[:, start:end]).toarray()
    inverse = _inverse(gram, regularization)
    diagonal = inverse.diagonal().copy()
    inverse /= -diagonal
    inverse[np.diag_indices(n)] = 0
    return np.ascontiguousarray(inverse)


def _blocks(n: int) -> Iterator[tuple[int, int]]:
    step = max(1, CELLS // max(n, 1))
    return ((start, min(start + step, n)) for start in range(0, n, step))


def most_bought(users: "csr_matrix | csc_matrix", most: int) -> Longs:
    """Return the columns with the most buyers, at most ``most``, ascending; ties by lower column."""
    return np.sort(np.argsort(-users.getnnz(axis=0), kind="stable")[:most]).astype(np.int64)
