"""A shop as text: what is written is read as the same shop."""

from pathlib import Path

from models.shop import read_shop
from tiny_shop import SHOP
from training.shop_toml import shop_toml


def test_what_is_written_reads_as_the_same_shop(tmp_path: Path) -> None:
    """Context tables, names with quotes, line breaks, signs of other planes, numbers of any size."""
    own = '[carousels."a \\"b\\" \\n c"]\ntitle = "\\u007f wine 🍷 \\\\ \\u0001"\nsources = { als = 1e-9, similar = 1e30 }\n'
    (tmp_path / "shop.toml").write_text(SHOP + own, "utf-8")
    shop = read_shop(tmp_path / "shop.toml")
    (tmp_path / "copy.toml").write_text(shop_toml(shop), "utf-8")
    assert read_shop(tmp_path / "copy.toml").model_dump() == shop.model_dump()
    assert len(shop.context.tables) == 1
