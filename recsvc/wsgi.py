"""The app under gunicorn: threads in processes that share what was loaded before they were forked."""

import ctypes
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from models.errors import ConfigError, StoreError
from models.schema import DAY
from recsvc.admission import WAITING, TimedPool
from recsvc.following import Follower
from recsvc.last_good import LastGood, memory
from recsvc.metrics_files import MetricsFiles
from recsvc.service import Service, service_of
from recsvc.settings import Settings, is_loopback
from recsvc.store.prune import bounds_of, due, prune
from recsvc.telemetry import log_crash
from recsvc.watch import Watcher

PARENT_DIED = 1
"""``PR_SET_PDEATHSIG`` of Linux."""
STOPS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Signals that end a process."""
PRUNE_SECONDS = 300.0
"""Pause between two questions whether the store is to be pruned."""
PRUNE_REST = 0.1
"""Pause between two transactions of it: events go first."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn inside this process, with our settings and nobody else's."""

    def __init__(self, app: Flask, settings: Settings, announce: Callable[[str], None]) -> None:
        self.flask, self.settings, self.announce = app, settings, announce
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings over to gunicorn."""
        for name, value in gunicorn_settings(self.settings, self.announce).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app, made before any fork."""
        return self.flask


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's worker with threads, which knows how long a request waited for one, and which its master alone ends."""

    def init_signals(self) -> None:
        """Leave Ctrl-C, which a terminal sends to every process, to the master: it tells each worker to end."""
        super().init_signals()
        signal.signal(signal.SIGINT, let_pass)

    def get_thread_pool(self) -> TimedPool:
        """Return the threads."""
        return TimedPool(self.cfg.threads, WAITING)


def bind_host(settings: Settings) -> str:
    """Return the address to listen on: without keys a loopback one, whatever was asked for."""
    return settings.host if settings.keys or is_loopback(settings.host) else "127.0.0.1"


def gunicorn_settings(settings: Settings, announce: Callable[[str], None]) -> dict[str, Any]:
    """Return gunicorn's settings.

    Args:
        settings: ours.
        announce: called with the address when the socket listens.
    """
    host = bind_host(settings)
    return {
        "bind": f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}",
        "workers": settings.workers,
        "worker_class": Worker,
        "threads": settings.threads,
        "preload_app": True,
        "control_socket_disable": True,
        "worker_tmp_dir": memory(),  # of heartbeats
        "timeout": 30,
        "graceful_timeout": 5,  # an answer takes milliseconds; only sockets that never finish a request wait so long
        "keepalive": 75,  # longer than the 60 seconds of the usual proxies, so that they close first
        "limit_request_line": 8190,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        "loglevel": "warning",
        "on_starting": make_keep,
        "on_exit": remove_keep,
        "child_exit": bury,
        "when_ready": lambda server: announce(address(server.LISTENERS[0].getsockname())),
        "post_fork": die_with_parent,
        "post_worker_init": start_watching,
        "worker_int": stop_once,
        "worker_exit": end_worker,
    }


def address(name: tuple[Any, ...]) -> str:
    """Return the URL of a socket's own ``name``."""
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}"


def die_with_parent(server: Any, _worker: Any) -> None:
    """Let a worker end at once when the master does, even by kill -9, so that no orphan holds the port."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(PARENT_DIED, signal.SIGKILL)
    if os.getppid() != server.pid:  # it died before we asked to be told
        os._exit(1)


def start_watching(worker: Any) -> None:
    """Bring a new worker up to date and start its watcher: threads do not live through a fork."""
    here = service_of(worker.wsgi)
    if here.metrics.files:
        here.metrics.share(here.metrics.files)
    here.traces.start()
    here.sessions.follow()
    here.live.restore()  # what loaded in a worker before this one, which the master never saw
    watcher = Watcher(here.live, here.settings.poll_seconds)
    watcher.check()
    here.live.follow()
    here.metrics.tell_live(here.live.state)
    here.metrics.tell_followed((*here.live.state.troubles, *here.sessions.troubles))
    watcher.start()
    Follower(partial(follow_store, here)).start()
    Follower(here.sessions.follow).start()
    Follower(partial(prune_store, here), PRUNE_SECONDS).start()


def follow_store(here: Service) -> None:
    """Take over what the store tells, and tell that it was."""
    here.live.follow()
    here.metrics.tell_followed((*here.live.state.troubles, *here.sessions.troubles))


def prune_store(here: Service) -> None:
    """Take out of the store what the shop does not want to keep, where nobody did lately."""
    now = here.clock()
    with suppress(StoreError):  # /readyz tells what is wrong with it; the next time comes
        if due(here.store, now):
            prune(here.store, bounds_of(here.shop, here.settings.events_window_days * DAY, now), pause=PRUNE_REST)


def make_keep(server: Any) -> None:
    """Give the workers to come a place for what loaded last and for their figures.

    Without one a new worker has what the master started with, and each worker tells its own figures only.
    """
    here = service_of(server.app.wsgi())
    try:
        here.live.keep = LastGood.make()
        here.metrics.files = MetricsFiles.make(here.live.keep.folder / "metrics")
    except OSError as error:
        log_crash(error, "last-good")


def remove_keep(server: Any) -> None:
    """Delete this place when the service ends."""
    keep = service_of(server.app.wsgi()).live.keep
    if keep:
        keep.remove()


def bury(server: Any, worker: Any) -> None:
    """Keep what a worker that ended had counted, and drop the rest of its figures."""
    files = service_of(server.app.wsgi()).metrics.files
    if files is None:
        return
    try:
        files.bury(worker.pid)
    except Exception as error:  # whatever it left, or a full disk: what is raised here would end the whole service
        log_crash(error, "metrics")


def end_worker(_server: Any, worker: Any) -> None:
    """Let nothing break into the end of a worker, and send what is left of its traces."""
    stop_once(worker)
    if hasattr(worker, "wsgi"):  # it got as far as to load the app
        service_of(worker.wsgi).intake.stop()
        service_of(worker.wsgi).exposer.log.stop()
        service_of(worker.wsgi).traces.stop()
    for stop in STOPS:  # nothing waits for its turn any more; the interpreter's end would take ours away
        signal.signal(stop, signal.SIG_IGN)


def stop_once(_worker: Any) -> None:
    """Let further signals to stop pass by a worker that ends: they would break into what runs at its exit."""
    for stop in STOPS:
        signal.signal(stop, let_pass)


def let_pass(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing about a signal.

    Not ``SIG_IGN``: of a signal that came just before, and waits for its turn, Python would print that it was lost.
    """


def check_port(host: str, port: int) -> None:
    """Raise ConfigError, with what to do, where nobody can listen on ``port`` of ``host``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(f"{host}:{port}: {error.strerror}: take another with --port or RECSVC_PORT") from error
