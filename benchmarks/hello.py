"""The floor of the stack: a Flask view that answers JSON of a given size, under gunicorn with the service's settings.

python benchmarks/hello.py SIZE THREADS
"""

import sys
from typing import Any

import orjson
from flask import Flask, Response
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with the service's worker settings, and nothing of the service."""

    def __init__(self, app: Flask, threads: int) -> None:
        self.app, self.threads = app, threads
        super().__init__()

    def load_config(self) -> None:
        """Take the service's settings over."""
        told: dict[str, Any] = {
            "bind": "127.0.0.1:0", "workers": 1, "worker_class": "gthread", "threads": self.threads, "keepalive": 75,
            "preload_app": True, "control_socket_disable": True, "loglevel": "warning",
            "when_ready": lambda server: print(f"at http://127.0.0.1:{server.LISTENERS[0].getsockname()[1]} ", flush=True),
        }  # fmt: skip
        for name, value in told.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app."""
        return self.app


def hello(size: int) -> Flask:
    """Return an app that answers every path with ``size`` bytes."""
    app = Flask(__name__, static_folder=None)
    body = {"items": "x" * max(size - 12, 0)}

    @app.get("/")
    @app.get("/<path:path>")
    def view(**_: str) -> Response:
        return Response(orjson.dumps(body), mimetype="application/json")

    return app


if __name__ == "__main__":
    Server(hello(int(sys.argv[1])), int(sys.argv[2])).run()
