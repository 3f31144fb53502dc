"""Whether a trained version may go live: it must not lose to the live one beyond the interval of their difference."""

import math
from collections.abc import Mapping
from typing import Any

from models.artifact import Manifest
from models.errors import GateRefusedError
from training.split import NEWCOMERS, TASKS


def losses(fresh: Mapping[str, Any], live: Mapping[str, Any], metric: str) -> list[str]:
    """Return a line for each task in which the ``fresh`` metric is lower than the ``live`` one, and not by chance.

    Both were measured on the last days before each version's own end of data, by versions that had not seen them: other
    days and other shoppers, so that both figures are uncertain, and their difference by the root of the squares.
    A task that the live version was judged by and the fresh one could not be is a loss too, but for the first orders:
    there are weeks without newcomers.
    """
    found = []
    for task in TASKS:
        if task not in live or (task == NEWCOMERS and task not in fresh):
            continue
        mean, low, high = live[task][metric]
        if task not in fresh:
            found.append(f"{task}: could not be judged; the live version has {metric} {mean:.4f}")
        elif (now := fresh[task][metric])[0] < mean - math.hypot(mean - low, now[2] - now[0]):
            told = " [{1:.4f}, {2:.4f}]".format(*now)
            found.append(f"{task}: {metric} {now[0]:.4f}{told} is below the live {mean:.4f} [{low:.4f}, {high:.4f}]")
    return found


def check_gate(fresh: Manifest, live: Manifest, metric: str) -> None:
    """Return where ``fresh`` may be published.

    Raises:
        GateRefusedError: it loses; the message names each task, and how to publish it all the same.
    """
    if found := losses(fresh.metrics, live.metrics, metric):
        lines = "\n  ".join(found)
        raise GateRefusedError(
            f"version {fresh.version} was written and not published: it loses to {live.version}\n  {lines}\n"
            f"publish it all the same with: recsvc-train promote {fresh.version}"
        )
