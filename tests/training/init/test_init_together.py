"""Files that only together are a shop: exports of two systems, orders beside their lines; and sets, visits, odd names."""

from pathlib import Path

from asked_init import Init, data, shop

OLD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
NEW = "Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country\n"


def _sales(new: bool, first: int, end: int) -> str:
    """Return lines of a gift shop, one a day from December 2010 on, as the old system or the new one wrote them."""
    lines = []
    for number in range(first, end):
        day, month = 1 + number % 28, 12 if number < 28 else 1
        year = 2010 if month == 12 else 2011
        user = "" if number % 5 == 4 else str(17850 + number % 7)
        head = [str(536000 + number), f"{22000 + number % 9}", "CAFÉ SIGN", str(1 + number % 3)]
        if new:
            lines.append(
                ";".join(
                    [*head, f"{year}-{month:02}-{day:02} 08:26:00", "2,55", user and f"{user}.0", "United Kingdom"]
                )
            )
        else:
            lines.append(",".join([*head, f"{month}/{day}/{year} 8:26", "2.55", user, "United Kingdom"]))
    return "\n".join(lines) + "\n"


def test_exports_of_two_systems_are_one_shop(init: Init) -> None:
    """Other names, month first and ISO, points and commas, ids with .0 and without, Latin-1: overlaps count once, and so do users."""
    files = {"new__csv": NEW + _sales(True, 20, 50), "old__csv": (OLD + _sales(False, 0, 30)).encode("latin-1")}
    done = init(**files)
    assert done.exit_code == 0, done.output
    assert "old.csv has other names for the columns of new.csv" in done.output
    table = shop().data.purchases
    assert table is not None
    assert table.aliases == {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
    read = data()
    facts = read.facts.tables["purchases"]
    assert (facts.read, facts.kept, facts.refused) == (60, 50, {})
    assert facts.set_aside == {"line of another file again: counted once": 10}
    assert read.facts.users == 7 and read.purchases.price.max() == 2.55
    assert read.catalogue.value("name", 0) == "CAFÉ SIGN"


def test_a_file_that_lacks_a_column_is_left_out_by_name(init: Init) -> None:
    """What it lacks is told."""
    bare = "Invoice,StockCode,Customer ID\n" + "".join(f"{i},{22000 + i % 9},{17850 + i % 7}\n" for i in range(20))
    done = init("--set", "timezone=UTC", old__csv=OLD + _sales(False, 0, 30), strange__csv=bare)
    assert done.exit_code == 0, done.output
    assert (
        "strange.csv: left out: purchases are old.csv already, and it has nothing like Quantity, UnitPrice, Country"
        in done.output.replace("InvoiceDate, ", "")
    )


ORDERS = "order_id,user_id,order_number,order_dow,order_hour_of_day\n" + "".join(
    f"{100 * user + number},{user},{number},{number % 7},{9 + number:02}\n" for user in range(1, 6) for number in range(1, 5)
)  # fmt: skip
LINES = "order_id,product_id,add_to_cart_order\n" + "".join(
    f"{100 * user + number},{10 + (user + number + place) % 9},{place}\n"
    for user in range(1, 6) for number in range(1, 5) for place in range(1, 4)
)  # fmt: skip
PRODUCTS = "product_id,product_name,aisle_id\n" + "".join(f"{10 + i},Thing {i},{i % 3}\n" for i in range(9))
AISLES = "aisle_id,aisle\n0,bread\n1,milk\n2,fruit\n"


def test_orders_beside_their_lines_are_joined(init: Init) -> None:
    """Who bought stands in another file than what, and the names of aisles in a third: each is found, with its share that fits."""
    done = init(aisles__csv=AISLES, order_lines__csv=LINES, orders__csv=ORDERS, products__csv=PRODUCTS)
    assert done.exit_code == 0, done.output
    assert "orders.csv is joined to order_lines.csv by order_id: 60 of 60 rows find theirs" in done.output
    assert "aisles.csv is joined to products.csv by aisle_id: 9 of 9 rows find theirs" in done.output
    read = data()
    assert (read.facts.lines, read.facts.users, read.facts.orders) == (60, 5, 20)
    assert read.catalogue.value("category", read.products.row("11")) == "milk"
    assert set(shop().context.fields) == {"order_dow", "order_hour_of_day"}


def test_orders_that_come_twice_are_not_joined(init: Init) -> None:
    """A join would double their lines."""
    done = init("--yes", order_lines__csv=LINES, orders__csv=ORDERS + ORDERS.splitlines()[1] + "\n")
    assert "is joined to" not in done.output


def test_the_shopper_behind_a_customer_of_each_order_is_found(init: Init) -> None:
    """Where every order has a customer of its own, the list that says who they are is joined."""
    orders = "order_id,customer_id,order_purchase_timestamp\n" + "".join(
        f"o{i},c{i},2026-03-{i % 28 + 1:02} 10:00:00\n" for i in range(40)
    )
    files = {
        "items__csv": "order_id,product_id,price\n" + "".join(f"o{i % 40},p{i % 9},2.50\n" for i in range(90)),
        "orders__csv": orders,
        "customers__csv": "customer_id,customer_unique_id\n" + "".join(f"c{i},person{i % 6}\n" for i in range(40)),
    }
    done = init(**files)
    assert done.exit_code == 2 and "--set user_id=customer_unique_id" in done.output
    assert init("--yes", **files).exit_code == 0
    assert (data().facts.users, data().facts.orders) == (6, 40)


def test_lists_of_items_are_read_without_a_question(init: Init) -> None:
    """A line a user, as sets are published; a user without an item is told with its line."""
    lists = "".join(
        f"{user} " + " ".join(str((user * 7 + i * i) % 50) for i in range(3 + user % 4)) + "\n" for user in range(40)
    )
    done = init(train__txt=lists + "40\n")
    assert done.exit_code == 0, done.output
    assert "each line is a user and the items of that user" in done.output
    read = data()
    facts = read.facts.tables["purchases"]
    assert facts.refused == {"no product_id": 1} and facts.examples[0].line == 41
    assert (facts.read, read.facts.users) == (len(lists.split()) - 40 + 1, 40)


def test_names_in_one_word_and_words_for_nobody(init: Init) -> None:
    """``visitorid`` is a visitor; NA is nobody; a Time of Weekend and Weekday is no time but a moment."""
    rows = "".join(
        f"{'NA' if i % 3 else f'u{i % 11}'},i{i % 13},{'Weekend' if i % 2 else 'Weekday'},{('Home', 'Cinema')[i % 2]}\n"
        for i in range(90)
    )
    done = init(log__csv="userid,itemid,Time,Location\n" + rows)
    assert done.exit_code == 0, done.output
    assert "na (60) of userid is nobody, and nothing else names them: these lines are left out" in done.output
    read = data()
    assert read.facts.tables["purchases"].set_aside == {"not kept by `keep`": 60}
    assert shop().context.fields == {"daytime": "categorical", "location": "categorical"}


def test_visits_of_nobody_stay(init: Init) -> None:
    """Where a session names them, a word for nobody leaves the lines in."""
    rows = "".join(f"{i // 3},{'NA' if i % 2 else f'u{i % 11}'},i{i % 13},2026-01-{1 + i % 20:02}\n" for i in range(90))
    done = init("--set", "timezone=UTC", views__csv="sessionId,userId,itemId,eventdate\n" + rows)
    assert done.exit_code == 0, done.output
    read = data()
    assert (read.facts.lines, read.facts.tables["purchases"].refused) == (90, {})


def test_a_file_that_is_nothing_of_ours_is_proposed_to_be_left_out(init: Init) -> None:
    """Beside purchases; nothing else of it is asked."""
    sales = "user,item\n" + "".join(f"u{i},x{i % 5}\n" for i in range(20))
    done = init(codes__csv="code,text\n1,a\n2,b\n", sales__csv=sales)
    assert done.exit_code == 2 and "--set codes.csv=none" in done.output
    assert done.output.count("--set") == 1
    assert init("--yes", codes__csv="code,text\n1,a\n2,b\n", sales__csv=sales).exit_code == 0
    assert Path("shop.toml").exists()
