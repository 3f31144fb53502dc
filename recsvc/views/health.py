"""Is the process alive, and what is live in it."""

from dataclasses import asdict
from datetime import datetime

from flask import Response, g

from recsvc.problems import ProblemError
from recsvc.service import service
from recsvc.views.replies import reply


def healthz() -> Response:
    """Answer that the process is alive, whatever it has to serve."""
    return reply({"status": "alive"}, shared=False)


def readyz() -> Response:
    """Answer what is live and what did not load; 503 until a trained version is."""
    here = service()
    state = here.live.state
    g.seen = {"model": state.model}
    facts = {
        "shop": here.shop.name,
        "model": state.model,
        "models": list(state.models),
        "rules": state.rules_hash,
        "clock": datetime.fromtimestamp(here.clock(), here.shop.zone).isoformat(),
        "troubles": [asdict(trouble) for trouble in (*state.troubles, *here.sessions.troubles)],
        "warnings": list(state.warnings),
    }
    if state.model is None:
        causes = "; ".join(trouble.cause for trouble in state.troubles)
        raise ProblemError(503, f"No trained version is live: {causes}", more=facts, headers={"Retry-After": "2"})
    return reply({"status": "degraded" if facts["troubles"] else "ready", **facts}, shared=False)
