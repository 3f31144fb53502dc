"""What a ranker goes by: what it loses without a feature, and how a feature moves its probability."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from models.ranker import Ranker
from models.schema import Doubles, Floats
from training.metrics.bootstrap import Interval, mean_interval, signed
from training.report.competing import Competing, gains, merged
from training.report.parts import Section, Table, missing, verdict
from training.report.plots import COLOURS, INK, Line, lines, picture
from training.report.words import described

TOP = 12
"""Features that are told of each ranker."""
CURVES = 4
"""Of these, numeric ones whose effect is drawn."""
POINTS = 9
ROWS = 4000
"""Candidates that an effect is worked out over."""
ROUNDS = 200
USE = {"better": "used", "worse": "in the way"}


def effects(found: list[Competing], rankers: Mapping[str, Ranker], seed: int) -> Section:
    """Return what each ranker loses where a feature is shuffled, and how its strongest ones act."""
    title = "What the rankers go by"
    pictures: list[Markup] = []
    tables = []
    for name, ranker in rankers.items():
        one = merged(found, name)
        if one is None or not len(one.bought):
            continue
        losses = permuted(ranker, one, seed)[:TOP]
        pictures += [_losses(name, losses), *_curves(ranker, one, [feature for feature, _ in losses], seed)]
        head = ("feature", "NDCG@10 lost without it", "so it is", "what it is")
        rows = [
            (feature, signed(gap), USE.get(verdict(gap), "not shown to matter"), described(feature))
            for feature, gap in losses
        ]
        tables.append(Table(f"{name}: features that matter most, of {len(ranker.columns_)}", head, rows))
    if not tables:
        return missing("effects", title, "No ranker orders a carousel of this version.")
    text = (
        "Each feature is shuffled among the candidates of the held-out requests, and they are ordered again: what NDCG@10 "
        "loses is what the feature is worth to the ranker beside the others (Breiman 2001, section 10). Two features that "
        "say the same can stand in for one another, and both look small.",
        "The curves show the mean probability with the feature set to each value for every candidate (partial dependence, "
        "Friedman 2001, section 8.2), in combinations that the data may not have.",
    )
    return Section("effects", title, text, tuple(pictures), tuple(tables))


def permuted(ranker: Ranker, one: Competing, seed: int) -> list[tuple[str, Interval]]:
    """Return the NDCG@10 that is lost where each feature is shuffled, with its interval over requests; most first."""
    rng = np.random.default_rng(seed)
    plain = gains(one, ranker.score(one.features))
    places = rng.permutation(len(one.bought))
    out = []
    for column in ranker.columns_.tolist():
        own = one.features[:, column].copy()
        if np.all(own == own[0]) or np.isnan(own).all():
            continue
        one.features[:, column] = own[places]
        lost = plain - gains(one, ranker.score(one.features))
        one.features[:, column] = own
        out.append((ranker.names_[column], mean_interval(lost, ROUNDS, seed)))
    return sorted(out, key=lambda item: -item[1].mean)


def dependence(ranker: Ranker, rows: Floats, column: int) -> tuple[Doubles, Doubles]:
    """Return values of a feature, ascending, and the mean probability of ``rows`` with the feature at each of them."""
    known = rows[:, column][~np.isnan(rows[:, column])]
    values = np.unique(np.quantile(known, np.linspace(0.02, 0.98, POINTS)).astype(np.float64)) if len(known) else known
    changed = rows.copy()
    means = []
    for value in values.tolist():
        changed[:, column] = value
        means.append(float(ranker.score(changed).mean()))
    return values.astype(np.float64), np.array(means, np.float64)


def _curves(ranker: Ranker, one: Competing, names: list[str], seed: int) -> list[Markup]:
    rng = np.random.default_rng([seed, 1])
    rows = one.features[rng.permutation(len(one.features))[:ROWS]]
    out: list[Markup] = []
    for name in names:
        column = ranker.names_.index(name)
        if column in ranker.codes_ or len(out) == CURVES:
            continue
        values, means = dependence(ranker, rows, column)
        if len(values) > 1:
            line = Line(name, values.tolist(), means.tolist())
            alt = f"Mean probability by {name}: " + ", ".join(f"{m:.4f} at {v:.3g}" for v, m in zip(values, means, strict=True))  # fmt: skip
            out.append(picture(f"{one.ranker}: {name}", alt, lines([line], name, "mean probability")))
    return out


def _losses(name: str, losses: list[tuple[str, Interval]]) -> Markup:
    def draw(axes: Axes) -> None:
        means = [gap.mean for _, gap in losses]
        errors = [[gap.mean - gap.low for _, gap in losses], [gap.high - gap.mean for _, gap in losses]]
        places = range(len(losses))
        axes.barh(places, means, color=COLOURS[0], height=0.62, xerr=errors, ecolor=INK, capsize=2)
        axes.set_yticks(places, [feature for feature, _ in losses])
        axes.invert_yaxis()
        axes.set_xlabel("NDCG@10 lost")
        axes.grid(axis="y", visible=False)

    alt = ", ".join(f"{feature} {gap.mean:.4f}" for feature, gap in losses)
    return picture(f"{name}: what features are worth", f"NDCG@10 that {name} loses without: {alt}", draw, (4.4, 3.4))  # fmt: skip
