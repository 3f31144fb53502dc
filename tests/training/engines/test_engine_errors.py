"""What Spark needs and does not find is named, with the next step; none of this needs Spark."""

import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigError
from models.shop import Shop, read_shop
from training.engines import spark_session
from training.engines.engine import Local, engine_of
from training.engines.spark import check_supported
from training.engines.spark_session import open_spark

SHOP = """name = "S"
[data.purchases]
files = ["p.csv"]
{how}
[training]
engine = "spark"
[training.spark]
{cluster}
"""
COLUMNS = 'columns = { user_id = "user", product_id = "product" }'


def shop_of(folder: Path, how: str = COLUMNS, cluster: str = "", files: str = 'files = ["p.csv"]') -> Shop:
    """Return a shop that wants Spark."""
    path = folder / "shop.toml"
    path.write_text(SHOP.format(how=how, cluster=cluster).replace('files = ["p.csv"]', files))
    return read_shop(path)


def test_without_a_word_the_engine_is_this_process(tmp_path: Path) -> None:
    """Nobody needs Spark who does not ask for it."""
    shop = shop_of(tmp_path)
    plain = shop.model_copy(update={"training": shop.training.model_copy(update={"engine": "local"})})
    assert isinstance(engine_of(plain), Local)


def test_without_pyspark_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyspark is not installed."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(ConfigError, match=r"pip install 'recsvc\[spark\]'.*make spark.*engine = \"local\""):
        open_spark(shop_of(tmp_path))


def test_without_java_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No java on the PATH, or a JAVA_HOME without one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ConfigError, match=r"Java 17 or newer: no java on the PATH.*openjdk-17"):
        spark_session.check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"JAVA_HOME is .* no bin/java"):
        spark_session.check_java()


def test_a_cluster_needs_a_folder_and_has_to_answer(tmp_path: Path) -> None:
    """A master without a shared folder, and one that nobody listens for."""
    with pytest.raises(ConfigError, match=r"training\.spark\.folder: master 'spark://here:7077' is a cluster"):
        spark_session.check_cluster(shop_of(tmp_path, cluster='master = "spark://here:7077"'))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = shop_of(tmp_path, cluster=f'master = "spark://127.0.0.1:{port}"\nfolder = "{tmp_path}"')
    with pytest.raises(ConfigError, match=rf"spark://127\.0\.0\.1:{port}'.*no Spark master answers there"):
        spark_session.check_cluster(told)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"how": 'format = "ga4"'}, r"'ga4' is not read with.*recsvc-train import ga4 FILES --out DIR"),
        ({"how": f'url = "sqlite:///s.db"\nquery = "select 1"\n{COLUMNS}', "files": ""}, r"purchases\.url: not with.*Parquet"),
        ({"how": f'tables = {{ a = "p.csv" }}\nquery = "from a"\n{COLUMNS}', "files": ""}, r"purchases\.tables: not with"),
    ],
)  # fmt: skip
def test_what_spark_does_not_read_is_told_before_it_starts(tmp_path: Path, table: dict[str, Any], said: str) -> None:
    """Databases, queries and formats that give rows again: what is read instead, and how to get there."""
    shop = shop_of(tmp_path, **table)
    assert shop.data.purchases is not None
    with pytest.raises(ConfigError, match=said):
        check_supported(shop, shop.data.purchases)


def test_orders_of_the_service_s_store_are_not_read(tmp_path: Path) -> None:
    """``data.events = "store"`` says so."""
    shop = shop_of(tmp_path)
    assert shop.data.purchases is not None
    told = shop.model_copy(update={"data": shop.data.model_copy(update={"events": "store"})})
    with pytest.raises(ConfigError, match=r'data\.events = "store": not with'):
        check_supported(told, shop.data.purchases)
