"""A shop in a folder, from texts: small enough to check by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models.shop import read_shop
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

NOW = 1_767_225_600  # 2026-01-01 00:00 UTC
COLUMNS = 'columns = { user_id = "user", product_id = "product", time = "time" }'

Read = Callable[..., ShopData]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes files, a shop.toml over them, and reads the shop."""

    def run(
        purchases: str | bytes | None = None,
        *,
        toml: str = COLUMNS,
        file: str = "p.csv",
        files: dict[str, str | bytes] | None = None,
        more: str = "",
        top: str = "",
        share: float | None = 1.0,
        until: int | None = None,
        rejects: Path | None = None,
        now: int = NOW,
    ) -> ShopData:
        written = {**({file: purchases} if purchases is not None else {}), **(files or {})}
        for name, content in written.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        source = "" if "files = " in toml or "tables = " in toml or "url = " in toml else f'files = ["{file}"]\n'
        text = f'name = "Corner"\n{top}\n[data.purchases]\n{source}{toml}\n{more}\n'
        if share is not None:
            text += f"[training]\nrefused_share = {share}\n"
        (tmp_path / "shop.toml").write_text(text, "utf-8")
        shop = read_shop(tmp_path / "shop.toml")
        return read_shop_data(shop, until=until, now=now, rejects=rejects, progress=SILENT)

    return run


def lines(data: ShopData) -> list[tuple[str, str, int]]:
    """Return (user, product, time) of every line; "" is nobody."""
    told = data.purchases
    return [
        (data.users.id(int(u)) if u >= 0 else "", data.products.id(int(p)), int(t))
        for u, p, t in zip(told.user, told.product, told.time, strict=True)
    ]
