"""Columns that some files call otherwise."""

import pytest
from small_shop import Read

from models.errors import ConfigError

TOML = 'files = ["a.csv", "b.csv"]\ncolumns = { user_id = "who", product_id = "sku" }\naliases = { customer = "who", item = "sku" }'
FILES = {"a.csv": "who,sku\nann,1\n", "b.csv": "item,customer,item2\n2,bob,x\n"}


def test_each_file_may_have_its_own_names(read: Read) -> None:
    data = read(files=FILES, toml=TOML)
    assert [data.users.id(int(one)) for one in data.purchases.user] == ["ann", "bob"]
    assert data.facts.tables["purchases"].read == 2


def test_a_name_that_is_there_wins_over_an_alias(read: Read) -> None:
    """A file that has both keeps both."""
    files = {**FILES, "b.csv": "customer,who,sku\nagent,bob,2\n"}
    data = read(files=files, toml=TOML)
    assert [data.users.id(int(one)) for one in data.purchases.user] == ["ann", "bob"]


def test_aliases_go_with_files(read: Read) -> None:
    """A query names its columns itself."""
    toml = 'tables = { a = "a.csv" }\nquery = "select * from a"\naliases = { x = "who" }\ncolumns = { user_id = "who", product_id = "sku" }'
    with pytest.raises(ConfigError, match="rename the columns in the query"):
        read(files=FILES, toml=toml)
