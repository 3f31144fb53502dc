"""What a running service and its artifacts folder tell of themselves, put together for ``recsvc status``."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from models.artifact import Manifest, read_manifest
from models.errors import ArtifactError
from models.registry import Registry
from recsvc.traffic import Reading, traffic

TIMEOUT = 5.0
"""Seconds that the service has for each answer."""
NOT_READY, NO_ANSWER = "not ready", "no answer"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service answers, and the key for it."""

    url: str
    """Without a slash at its end."""
    key: str | None = None

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body; raises OSError where nobody answers."""
        asked = Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"} if self.key else {})
        try:
            with build_opener(ProxyHandler({})).open(asked, timeout=TIMEOUT) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()
        except (URLError, HTTPException, ValueError) as error:
            raise OSError(str(error)) from error


def status_of(address: Address, artifacts: Path, seconds: float) -> dict[str, Any]:
    """Return all that can be told, as plain JSON values; ``status`` is first.

    Args:
        address: of the service.
        artifacts: the folder with the trained versions, there or not.
        seconds: to watch the traffic for; 0 = tell only what came since the start.
    """
    out = _live(address)
    if out["status"] != NO_ANSWER:
        out |= _figures(address, seconds)
    return out | _trained(artifacts, out.get("model"))


def _live(address: Address) -> dict[str, Any]:
    """Return what /readyz tells."""
    try:
        code, body = address.get("/readyz")
        facts = json.loads(body)
        return {**facts, "status": facts["status"] if code == 200 else NOT_READY, "url": address.url}
    except (OSError, ValueError, KeyError, TypeError) as error:  # nobody, or somebody else
        return {"status": NO_ANSWER, "url": address.url, "cause": f"{error}: is it running? name it with --url"}


def _figures(address: Address, seconds: float) -> dict[str, Any]:
    """Return what /metrics tells, read twice."""
    try:
        first, began = _read(address), monotonic()
        sleep(seconds)
        second = _read(address) if seconds else first
        told = {"start": asdict(traffic(second, None))}
        if seconds:
            told = {"now": asdict(traffic(second.since(first), monotonic() - began)), **told}
        rules_live = second.total("recsvc_rules_live_timestamp_seconds")
    except (OSError, ValueError) as error:
        return {"traffic": None, "traffic_cause": str(error)}
    return {
        "workers": int(second.total("recsvc_workers")) or 1,
        "n_rules": int(second.total("recsvc_rules")),
        "rules_live_seconds": round(time() - rules_live) if rules_live else None,
        "traffic": told,
    }


def _read(address: Address) -> Reading:
    code, body = address.get("/metrics")
    if code in (401, 403):
        raise OSError("/metrics needs an admin key from another machine: name a file that holds it with --key-file")
    if code != 200:
        raise OSError(f"/metrics answered {code}")
    return Reading.of(body.decode())


def _trained(artifacts: Path, model: str | None) -> dict[str, Any]:
    """Return what the manifest says of the version that is live, or would be if the service ran."""
    registry = Registry(artifacts)
    try:
        folder = registry.path(model) if model else registry.current()
        manifest = read_manifest(folder) if folder else None
    except ArtifactError:
        manifest = None
    if manifest is None:
        cause = (
            f"{artifacts}: not the folder of this version: name it with --artifacts"
            if model
            else "nothing is published"
        )
        return {"version": None, "version_cause": cause}
    return {"version": _version(manifest)}


def _version(manifest: Manifest) -> dict[str, Any]:
    created = datetime.fromisoformat(manifest.created).replace(tzinfo=UTC)
    return {
        "version": manifest.version,
        "created": manifest.created,
        "age_seconds": round(time() - created.timestamp()),
        "until": datetime.fromtimestamp(manifest.until, UTC).isoformat(timespec="seconds"),
        "lines": manifest.data.get("lines"),
        "quality": quality(manifest.metrics),
    }


def quality(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return by task: the carousel, its ndcg@10 as mean, low and high, and the mean by which it beats the bestsellers."""
    out = {}
    for task, found in metrics.items():
        if "/" not in task and "ndcg@10" in found:
            beside = metrics.get(f"{task}/bestsellers", {}).get("difference", {}).get("ndcg@10")
            out[task] = {
                "carousel": found.get("carousel"),
                "ndcg@10": found["ndcg@10"],
                "above_bestsellers": beside[0] if beside else None,
            }
    return out
