"""Spark reads what one machine reads: the same rows kept, refused and set aside, by the same reasons."""

from contextlib import closing
from pathlib import Path

from both_engines import NOW, Both, assert_same

from recsvc.store.database import Store
from recsvc.store.shoppers import allow, erase

MAY = """order,user,product,time,n,price,event,shop,device
1001,ann,0042,2025-05-01 10:00,1,2.50,purchase,s1,phone
1001,ann,0042,2025-05-01 10:00,1,2.50,purchase,s1,phone
1001,ann,0043,2025-05-01 10:00,2,1.00,purchase,s1,phone
1002,bea,0042,2025-05-02 11:00,1,2.50,purchase,s1,desk
1002,bea,post,2025-05-02 11:00,1,4.00,purchase,s1,desk
TEST1,ann,0043,2025-05-03 10:00,1,1.00,purchase,s1,phone
1003,,0044,2025-05-04 10:00,1,9.00,purchase,s2,
,cyd,0044,2025-05-05 10:00,0,9.00,purchase,s2,
1004,cyd,,2025-05-05 10:00,1,9.00,purchase,s2,
1005,cyd,0045,yesterday,1,9.00,purchase,s2,
1006,cyd,0045,2025-05-06 10:00,1,-3,purchase,s2,
,ann,0045,2025-05-06 09:00,,,view,,phone
,cyd,0042,2025-05-06 09:30,,,add-to-cart,,phone
1007,cyd,0046,2035-05-06 10:00,1,3,purchase,s2,
1008,dan,0047,2025-05-07 10:00,1,3,purchase,s2,
broken line,with,too,many,values,of,every,kind,in,it,all
"""
JUNE = """order,user,product,time,n,price,event,shop,device
1008,dan,0047,2025-05-07 10:00,1,3,purchase,s2,
1002,bea,0042,2025-05-02 11:00,1,2.50,purchase,s1,desk
1009,dan,0043,2025-06-01 10:00,3,1.10,purchase,s2,
C1001,ann,0043,2025-06-02 10:00,-1,1.00,purchase,s1,phone
C1002,bea,0042,2025-06-02 11:00,-1,2.50,purchase,s1,desk
C777,dan,0099,2025-06-03 11:00,-1,2.50,purchase,s1,desk
1010,caf\u00e9,0044,2025-06-04 12:00,1,9.00,purchase,s1,desk
1011,ann,0048,2025-07-04 12:00,1,9.00,purchase,s1,desk
"""
PRODUCTS = "id,name,group\n0042,Bread,food\n0043,Milk,food\npost,Postage,fees\n0044,Tea,food\n0047,Coal,heat\n0049,Wine,drink\n"
TOML = """
[data.purchases]
files = ["may.csv", "june-latin.csv"]
test_orders = ["TEST*", "NEVER*"]
no_products = [{ name = "Postage" }]
[data.purchases.columns]
order_id = "order"
user_id = "user"
product_id = "product"
time = "time"
quantity = "n"
price = "price"
event = "event"
store_id = "shop"
device = "device"
[data.products]
files = ["products.csv"]
columns = { product_id = "id", name = "name", category = "group" }
keep = "\\"group\\" <> 'heat'"
"""
FILES = {"may.csv": MAY, "june-latin.csv": JUNE, "products.csv": PRODUCTS}


def test_every_kind_of_dirt_counts_the_same(read_both: Both, tmp_path: Path) -> None:
    """Two overlapping exports with refused rows, tests, returns, views, postage and Latin-1 text: one report, one rejects file."""
    local, spark = read_both(FILES, TOML, until=1_751_328_000)  # 2025-07-01
    facts = local.facts.tables["purchases"]
    assert facts.refused.total() >= 6 and len(facts.set_aside) >= 6 and facts.notes
    assert_same(local, spark)
    assert (tmp_path / "local.csv").read_text() == (tmp_path / "spark.csv").read_text()


def test_lines_with_ids_count_once_wherever_they_lie(read_both: Both) -> None:
    """An id of a line that two files have, and lines without one."""
    one = "id,user,product,time\n1,a,x,2025-01-01\n2,a,y,2025-01-02\n,b,x,2025-01-03\n,b,y,2025-01-03\n"
    two = "id,user,product,time\n2,a,y,2025-01-02\n3,b,x,2025-01-04\n3,b,x,2025-01-04\n"
    toml = '[data.purchases]\nfiles = ["?.csv"]\ncolumns = { line_id = "id", user_id = "user", product_id = "product", time = "time" }'
    local, spark = read_both({"1.csv": one, "2.csv": two}, toml)
    assert local.facts.tables["purchases"].set_aside == {"line_id given again: counted once": 2}
    assert_same(local, spark)


def test_a_shop_without_times_keeps_the_order_of_its_rows(read_both: Both) -> None:
    """Rows follow one another as in the files, in JSON lines too."""
    rows = "".join(f'{{"who": "u{row % 7}", "what": "p{row % 5}"}}\n' for row in range(60))
    toml = '[data.purchases]\nfiles = ["rows.jsonl"]\ncolumns = { user_id = "who", product_id = "what" }'
    local, spark = read_both({"rows.jsonl": rows}, toml)
    assert local.facts.lines == 60
    assert_same(local, spark)


def test_where_nothing_is_left_both_say_so(read_both: Both) -> None:
    """Every row is refused."""
    toml = '[data.purchases]\nfiles = ["p.csv"]\ncolumns = { user_id = "user", product_id = "product", time = "time" }'
    local, spark = read_both({"p.csv": "user,product,time\nann,,2025-01-01\n"}, toml)
    assert local.facts.lines == spark.facts.lines == 0
    assert_same(local, spark)


def test_erased_shoppers_are_left_out_and_who_refused_is_nobody(read_both: Both, tmp_path: Path) -> None:
    """What the service's store says of shoppers holds on a cluster too: of lines, views and the users table."""
    with closing(Store(f"sqlite:///{tmp_path}/store.db")) as store:
        store.engine()
        with store.write() as connection:
            erase(connection, "ann", NOW)
            allow(connection, "bea", False, None, NOW)
    local, spark = read_both(FILES, TOML, store=store.url)
    assert local.facts.tables["purchases"].set_aside["shopper was erased"] == 5
    assert spark.users.row("ann") == spark.users.row("bea") == -1
    assert_same(local, spark)
