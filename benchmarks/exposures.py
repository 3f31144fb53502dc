"""What it costs to keep what is shown: requests for a carousel with everybody's answers kept, and with nobody's, in turn.

    python benchmarks/exposures.py examples/complete-journey/shop.toml --artifacts artifacts

Both are asked through the whole app but the socket, by the version's own shoppers. Printed are milliseconds of processor
time a request (the thread that writes included), the median of the rounds, milliseconds that a request took at the median, and
bytes in the store for each answer that was kept.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from flask import Flask

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from models.shop import Shop, read_shop  # noqa: E402
from recsvc.app import create_app  # noqa: E402
from recsvc.service import service_of  # noqa: E402
from recsvc.settings import read_settings  # noqa: E402
from recsvc.store.exposure_log import PAUSE  # noqa: E402


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", type=Path)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts"))
    parser.add_argument("--carousel", default="bestsellers")
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    shop = read_shop(given.shop)
    with tempfile.TemporaryDirectory() as name:
        apps = {share: app_of(shop, share, given.artifacts, Path(name)) for share in (0.0, 1.0)}
        users = service_of(apps[0.0]).live.state.engine.snapshot.users
        asked = [users.id(int(row)) for row in np.random.default_rng(1).integers(0, len(users), given.requests)]
        rounds: dict[float, list[tuple[float, float]]] = {share: [] for share in apps}
        for _ in range(given.rounds + 1):
            for share, app in apps.items():
                rounds[share].append(ask(app, given.carousel, asked))
        for share, told in rounds.items():
            cpu, wall = np.median(np.array(told[1:]), axis=0)
            print(f"kept of {share:>4.0%}: {cpu:.3f} ms of processor time a request, {wall:.3f} ms at the median")
        here = service_of(apps[1.0])
        here.exposer.log.stop()
        kept = here.metrics.exposures.labels("stored")._value.get()
        here.sessions.close()
        here.store.close()  # the last connection empties the log of writes
        print(f"{int(kept)} answers kept, {(Path(name) / '1.0.db').stat().st_size / kept:.0f} bytes each")


def app_of(shop: Shop, share: float, artifacts: Path, folder: Path) -> Flask:
    """Return an app that keeps a share of the answers in a store of its own."""
    environ = {"RECSVC_ARTIFACTS": str(artifacts), "RECSVC_STORE": f"sqlite:///{folder}/{share}.db"}
    settings = read_settings(shop, {**environ, "RECSVC_ACCESS_LOG": "false"}, {})
    results = shop.results.model_copy(update={"share": share})
    app = create_app(shop.model_copy(update={"results": results}), settings)
    service_of(app).store.engine()  # it is there for both: a session is looked up in it
    return app


def ask(app: Flask, carousel: str, users: list[str]) -> tuple[float, float]:
    """Return milliseconds of processor time a request, what is written behind it included, and its median time."""
    client, took, began = app.test_client(), [], time.process_time()
    for user in users:
        start = time.perf_counter()
        assert client.get(f"/v1/carousels/{carousel}?user_id={user}").status_code == 200
        took.append(time.perf_counter() - start)
    time.sleep(2 * PAUSE)
    return (time.process_time() - began) / len(users) * 1000, float(np.median(took)) * 1000


if __name__ == "__main__":
    main()
