"""Sets as lists: which files are such, and what becomes of their lines."""

import gzip

import pytest
from small_shop import Read

from training.read.item_lists import are_item_lists

TOML = 'columns = { user_id = "user", product_id = "item" }'


@pytest.mark.parametrize(
    ("text", "is_list"),
    [
        ("0 5 7 9\n1 5\n2 7 9\n", True),
        ("u1\ti5\ti7\nu2\ti5\n", True),
        ("0 5 7\n1 5 8\n2 7 9\n", False),  # equally long: columns
        ("0 5 7\n0 5\n1 8 9 9\n", False),  # the same first word twice
        ("5 apples\n6 large pears\n", False),  # words without digits
        ("1,2 3\n4,5 6 7\n", False),
        ("0 5 7\n", False),
        ("", False),
    ],
)
def test_only_lines_of_ids_that_differ_in_length_are_lists(text: str, is_list: bool) -> None:
    assert are_item_lists(text.encode().splitlines(keepends=True)) == is_list


def test_each_item_is_a_line_of_its_user(read: Read) -> None:
    """As a table of two columns would give it, leading zeros too; blank lines are nothing, and gz is unpacked."""
    text = "007 05 7 9\r\n\r\n1\t5 \n2 7 9\n"
    pairs = "user,item\n007,05\n007,7\n007,9\n1,5\n2,7\n2,9\n"
    listed = read(gzip.compress(text.encode()), toml=TOML, file="train.txt.gz")
    table = read(pairs, toml=TOML)
    for one in (listed, table):
        told = [
            (one.users.id(int(u)), one.products.id(int(p)))
            for u, p in zip(one.purchases.user, one.purchases.product, strict=True)
        ]
        assert sorted(told) == [("007", "05"), ("007", "7"), ("007", "9"), ("1", "5"), ("2", "7"), ("2", "9")]
        assert one.facts.orders == 6
