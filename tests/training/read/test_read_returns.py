"""Returns take their purchase back, and a purchase is never taken twice."""

from small_shop import Read

TOML = 'columns = { user_id = "u", product_id = "p", order_id = "o", time = "t", quantity = "q" }'
HEAD = "u,p,o,t,q\n"


def left(read: Read, rows: str, toml: str = TOML) -> tuple[list[float], dict[str, int]]:
    data = read(HEAD + rows, toml=toml)
    return data.purchases.quantity.tolist(), dict(data.facts.tables["purchases"].set_aside)


def test_a_return_of_the_same_order_lowers_its_quantity(read: Read) -> None:
    """Bought 5, brought back 2: 3 remain."""
    quantity, aside = left(read, "a,x,1,2020-01-01,5\na,x,1,2020-01-03,-2\n")
    assert quantity == [3]
    assert aside == {"return: takes its purchase back": 1}


def test_a_cancellation_under_its_own_number_takes_the_last_like_it(read: Read) -> None:
    """Invoice C9 cancels the latest earlier line of the same user, product and quantity."""
    rows = "a,x,1,2020-01-01,2\na,x,2,2020-01-05,2\na,x,3,2020-01-09,2\na,x,C9,2020-01-06,-2\n"
    data = read(HEAD + rows, toml=TOML)
    assert data.purchases.time.tolist() == [1_577_836_800, 1_578_528_000]
    assert data.facts.tables["purchases"].set_aside == {
        "return: takes its purchase back": 1,
        "purchase that was taken back": 1,
    }


def test_one_purchase_is_taken_back_once(read: Read) -> None:
    """The second return of a single purchase finds nothing, and says so."""
    quantity, aside = left(read, "a,x,1,2020-01-01,2\na,x,C1,2020-01-02,-2\na,x,C2,2020-01-03,-2\n")
    assert quantity == []
    assert aside["return without its purchase: nothing is left of what was bought"] == 1


def test_a_return_before_the_purchase_or_of_another_user_takes_nothing(read: Read) -> None:
    """Only what was bought earlier, by the same user; each reason is counted by itself."""
    rows = "a,x,1,2020-01-05,2\na,x,C7,2020-01-01,-2\nb,x,C8,2020-01-06,-2\na,y,C9,2020-01-06,-1\n,x,C0,2020-01-06,-1\n"
    quantity, aside = left(read, rows)
    assert quantity == [2]
    assert aside == {
        "return without its purchase: not bought before": 3,
        "return without its purchase: nobody is named": 1,
    }


def test_a_cancellation_has_the_number_of_its_order_with_a_prefix(read: Read) -> None:
    """C11, RET-11, 11-R1 and cn 11 mean order 11, not the later order 12; the shopper may be left blank."""
    for number in ("C11", "RET-11", "11-R1", "cn 11"):
        for user in ("a", ""):
            rows = f"a,x,11,2020-01-01,2\na,x,12,2020-01-05,2\n{user},x,{number},2020-01-09,-2\n"
            data = read(HEAD + rows, toml=TOML)
            assert data.purchases.time.tolist() == [1_578_182_400], (number, user)


def test_a_digit_is_no_prefix(read: Read) -> None:
    """Order 112 does not take back order 12, but the shopper's last purchase like it."""
    data = read(HEAD + "a,x,12,2020-01-01,2\na,x,13,2020-01-05,2\na,x,112,2020-01-09,-2\n", toml=TOML)
    assert data.purchases.time.tolist() == [1_577_836_800]


def test_a_prefix_does_not_reach_into_the_order_of_another_shopper(read: Read) -> None:
    """Numbers may start again with each shopper."""
    quantity, aside = left(read, "b,x,11,2020-01-01,2\na,x,C11,2020-01-09,-2\n")
    assert (quantity, aside) == ([2], {"return without its purchase: not bought before": 1})


def test_a_return_may_name_its_order(read: Read) -> None:
    """returns_order_id says which order, whatever the return's own number is, and by whom."""
    toml = TOML.replace("}", ', returns_order_id = "of" }')
    rows = "a,x,11,2020-01-01,2,\na,x,12,2020-01-05,2,\na,x,12,2020-01-09,-2,11\n,x,77,2020-01-10,-1,12\n"
    data = read("u,p,o,t,q,of\n" + rows, toml=toml)
    assert (data.purchases.time.tolist(), data.purchases.quantity.tolist()) == ([1_578_182_400], [1])
    assert data.facts.tables["purchases"].set_aside["return: takes its purchase back"] == 2


def test_partial_returns_reduce(read: Read) -> None:
    """Without an order: the same quantity first, else the latest purchase that has enough left, else from the latest on."""
    rows = "a,x,1,2020-01-01,2\na,x,2,2020-01-03,5\na,x,3,2020-01-05,3\n"
    assert left(read, rows + "a,x,R,2020-01-09,-2\n")[0] == [5, 3]
    assert left(read, rows + "a,x,R,2020-01-09,-1\n")[0] == [2, 5, 2]
    assert left(read, rows + "a,x,R,2020-01-09,-4\n")[0] == [2, 1, 3]
    assert left(read, rows + "a,x,R,2020-01-09,-7\n")[0] == [2, 1]
    quantity, aside = left(read, rows + "a,x,R,2020-01-09,-11\n")
    assert quantity == []
    assert aside["return of more than was bought: takes back what there was"] == 1


def test_a_refund_event_is_a_return(read: Read) -> None:
    """The event says it too, with a quantity above 0."""
    toml = TOML.replace("}", ', event = "e" }')
    data = read("u,p,o,t,q,e\na,x,1,2020-01-01,1,purchase\na,x,1,2020-01-02,1,Refund\na,y,1,2020-01-01,1,\n", toml=toml)
    assert [data.products.id(int(row)) for row in data.purchases.product] == ["y"]


def test_anonymous_cancellations_touch_nobody(read: Read) -> None:
    """Without a user only the order counts, by its number or with a prefix."""
    quantity, aside = left(read, ",x,1,2020-01-01,1\n,x,C1,2020-01-02,-1\n,y,2,2020-01-01,1\n,y,2,2020-01-02,-1\n")
    assert quantity == []
    assert aside == {"return: takes its purchase back": 2, "purchase that was taken back": 2}
    quantity, aside = left(read, ",x,1,2020-01-01,1\n,x,C7,2020-01-02,-1\n")
    assert quantity == [1]
    assert aside == {"return without its purchase: nobody is named": 1}
