"""Checked rows of files are kept for the next night, and are never stale."""

from contextlib import closing
from pathlib import Path

import pytest

from models.shop import read_shop
from recsvc.store.database import Store
from recsvc.store.shoppers import erase
from training.progress import SILENT
from training.read.shop_data import ShopData, read_shop_data

TOML = """
name = "x"
[data.purchases]
files = ["day-*.csv"]
columns = { user_id = "user", product_id = "product", time = "time", quantity = "n" }

[training]
refused_share = 0.6
"""
NOON = 1_577_880_000  # 2020-01-01 12:00 UTC


class Nights:
    """A shop that exports a file a day, read into one folder of kept rows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, folder / "checked"
        (folder / "shop.toml").write_text(TOML)

    def day(self, number: int, rows: str = "a,x,2020-01-01,1") -> None:
        """Write the file of a day."""
        (self.folder / f"day-{number}.csv").write_text(f"user,product,time,n\n{rows}\n")

    def read(self, now: int = NOON, *, kept: bool = True, store: str | None = None) -> ShopData:
        """Read the shop."""
        shop = read_shop(self.folder / "shop.toml")
        folder = self.kept if kept else None
        rejects = self.folder / "rejects.csv"
        return read_shop_data(shop, until=None, now=now, rejects=rejects, progress=SILENT, store=store, kept=folder)

    def files(self) -> dict[str, int]:
        """Return the kept files, and when each was written."""
        return {path.name: path.stat().st_mtime_ns for path in self.kept.iterdir()}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def same(one: ShopData, other: ShopData) -> bool:
    """Return whether both readings found the same purchases and the same facts."""
    rows = [(d.purchases.user.tolist(), d.purchases.product.tolist(), d.purchases.time.tolist()) for d in (one, other)]
    return rows[0] == rows[1] and one.facts.plain() == other.facts.plain()


def test_what_is_kept_is_what_would_be_read(nights: Nights) -> None:
    """Refused rows and rows of three files: the second night finds the same, and touches no kept file of the first."""
    nights.day(1, "a,x,2020-01-01,1\nb,y,2020-01-01,0\n,z,2020-01-01,2")
    nights.day(2, "a,007,2020-01-01T10:00Z,2")
    assert same(nights.read(), nights.read(kept=False))
    before = nights.files()
    nights.day(3, "c,x,2020-01-01,-1")
    assert same(nights.read(), nights.read(kept=False))
    assert len(before) == 2
    assert before.items() < nights.files().items()


def test_rows_come_from_what_is_kept(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second night makes nothing new of a file that is as it was."""
    nights.day(1)
    first = nights.read()
    monkeypatch.setattr("training.read.stage.keep", lambda *_: pytest.fail("read again"))
    assert same(first, nights.read())


def test_a_changed_file_is_read_again(nights: Nights) -> None:
    """Another content under the same name: its rows are the new ones, and what was kept of the old is deleted."""
    nights.day(1)
    nights.read()
    before = nights.files()
    nights.day(1, "a,other,2020-01-01,1")
    data = nights.read()
    assert data.products.id(0) == "other"
    assert not before.keys() & nights.files().keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [("[data.purchases]", "timezone = 'Asia/Tokyo'\n[data.purchases]"), ('"n" }', '"n" }\nkeep = "n > 1"')],
)
def test_other_settings_have_files_read_again(nights: Nights, old: str, new: str) -> None:
    """Another zone moves days, another keep sets rows aside: nothing kept is used."""
    nights.day(1, "a,x,2020-01-01,1\na,y,2020-01-01,2")
    nights.read()
    toml = nights.folder / "shop.toml"
    toml.write_text(toml.read_text().replace(old, new))
    assert same(nights.read(), nights.read(kept=False))


def test_rows_of_the_future_are_looked_at_again(nights: Nights) -> None:
    """A row of this evening is refused at noon and counts the next day; a clock that was set back refuses it again."""
    nights.day(1, "a,x,2020-01-01,1\na,y,2020-01-01T18:00Z,1")
    assert len(nights.read().purchases) == 1
    assert not nights.kept.exists()
    assert len(nights.read(NOON + 86_400).purchases) == 2
    assert len(nights.read(NOON).purchases) == 1


def test_broken_lines_are_told_every_night(nights: Nights) -> None:
    """A file with a line that is no row is not kept: each reading refuses and names it."""
    nights.day(1, "a,x,2020-01-01,1\na,b,c,d,e,f\nb,x,2020-01-01,1\nc,x,2020-01-01,1\nd,x,2020-01-01,1\n" * 3)
    first, second = nights.read(), nights.read()
    assert first.facts.tables["purchases"].refused.total() == 3
    assert same(first, second)


def test_a_kept_file_that_was_cut_off_is_made_again(nights: Nights) -> None:
    """What a full disk left is no Parquet: the source is read."""
    nights.day(1)
    first = nights.read()
    (path,) = nights.kept.iterdir()
    path.write_bytes(path.read_bytes()[:40])
    assert same(first, nights.read())


def test_an_erased_shopper_leaves_what_was_kept_and_what_was_refused(nights: Nights) -> None:
    """After the next night the id is in the shop's own files alone; the others' rows are kept and not read again."""
    secret, url = "shopper-secret-4711", f"sqlite:///{nights.folder}/store.db"
    nights.day(1, f"a,x,2020-01-01,1\n{secret},y,2020-01-01,1\n{secret},z,2020-01-01,0")
    nights.day(2, "b,x,2020-01-01,1\nc,y,2020-01-01,0")
    nights.read(store=url)

    def holding() -> list[str]:
        made = [nights.folder / "rejects.csv", *nights.kept.iterdir()]
        return [path.name for path in made if secret.encode() in path.read_bytes()]

    assert len(holding()) == 2
    with closing(Store(url)) as store, store.write() as connection:
        erase(connection, secret, NOON)
    before = nights.files()
    for _ in range(2):
        data = nights.read(NOON + 86_400, store=url)
        assert [data.users.id(row) for row in range(len(data.users))] == ["a", "b"] and holding() == []
        assert "quantity is 0" in (nights.folder / "rejects.csv").read_text()
    assert nights.files().keys() == before.keys()
    assert sum(before[name] == written for name, written in nights.files().items()) == 1
