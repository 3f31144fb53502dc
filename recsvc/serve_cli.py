"""The command ``recsvc serve``."""

from pathlib import Path

import click

from recsvc.app import create_app
from recsvc.cli_options import flags, settings_of, shop_argument
from recsvc.service import service_of
from recsvc.serving import State
from recsvc.settings import Settings
from recsvc.wsgi import Server, bind_host, check_port


@click.command()
@shop_argument
@flags("host", "port", "workers", "threads", "artifacts", "rules", "store")
def serve(shop: Path, **given: str | None) -> None:
    """Serve the carousels of SHOP over HTTP until Ctrl-C.

    Without keys (RECSVC_KEYS) the service listens on this machine only.
    """
    told, settings = settings_of(shop, given)
    host = bind_host(settings)
    check_port(host, settings.port)
    app = create_app(told, settings)
    state = service_of(app).live.state

    def announce(url: str) -> None:
        for line in [f"{told.name} at {url} (try it: {url}/docs)", *_live(state), *_keys(settings, host)]:
            click.echo(f"recsvc: {line}", err=True)

    Server(app, settings, announce).run()


def _live(state: State) -> list[str]:
    lines = [
        f"model {state.model or 'none yet: carousels show what the back office tells until `recsvc-train run` publishes one'}"
    ]
    lines.append(f"rules {state.rules_hash or 'none'}")
    return lines + [f"TROUBLE {trouble.part}: {trouble.cause}" for trouble in state.troubles]


def _keys(settings: Settings, host: str) -> list[str]:
    if settings.keys:
        easy = settings.keys.easy
        return [f"{easy} of the keys are short: take 16 characters or more"] if easy else []
    moved = "" if host == settings.host else f", not on {settings.host}"
    return [f"no keys are set (RECSVC_KEYS): listening on {host} only{moved}; at and explain are open"]
