"""Which answer a click or a purchase is credited to: the last one that showed the product to that shopper.

In duckdb over the tables of ``read.py``; each step is a table that the next one reads.
"""

import duckdb

from models.schema import DAY

PIECES = "create macro pieces_of(quantity) as case when isfinite(quantity) and quantity > 0 then quantity else 1 end"
BOUGHT = """
create table bought as
with lines as (
    select shopper, product_id, coalesce(order_id, 'event ' || seq) as line, min(seq) as seq, min(time) as time,
           min(request_id) as request_id,
           sum(pieces_of(quantity)) as pieces,
           sum(pieces_of(quantity) * case when isfinite(price) then price else 0 end) as paid
    from events where kind = 'purchase' group by all
),
back as (
    select shopper, product_id, order_id, time, pieces_of(quantity) as pieces
    from events where kind = 'refund'
),
of_orders as (select shopper, product_id, order_id as line, pieces from back where order_id is not null),
of_newest as (
    select back.shopper, back.product_id, lines.line, back.pieces
    from (select * from back where order_id is null) back asof join lines
      on back.shopper = lines.shopper and back.product_id = lines.product_id and back.time >= lines.time
),
taken as (
    select shopper, product_id, line, sum(pieces) as pieces
    from (select * from of_orders union all select * from of_newest) group by all
)
select 'purchase' as kind, seq, shopper, product_id as product, time, request_id,
       paid * (1 - coalesce(taken.pieces, 0) / lines.pieces) as revenue
from lines left join taken using (shopper, product_id, line)
where coalesce(taken.pieces, 0) < lines.pieces
"""
"""Purchases less refunds: a row a product of an order. A refund without an order takes back the newest purchase."""
DONE = """
create table done as
select kind, seq, shopper, product, time, time * 1000000000 + 999999999 as moment, request_id, revenue from (
    select * from bought
    union all
    select kind, seq, shopper, product_id, time, request_id, 0.0 from events where kind = 'click'
)
"""
ANSWERS = """
create table answers as
select seq, len(told.ids) as products, len(told.pins) as pins, told.model as model
from (select seq, from_json(products, '{"ids": ["VARCHAR"], "pins": ["BIGINT"], "model": "VARCHAR"}') as told from exposures)
"""
SHOWN = """
create table shown as
select seq, request_id, time, shopper, time * 1000000000 + seq % 1000000000 as moment, product,
       list_contains(pins, position) as pinned
from (
    select seq, request_id, time, shopper, unnest(told.ids) as product, told.pins as pins,
           unnest(range(told.first, told.first + len(told.ids))) as position
    from (select *, from_json(products, '{"ids": ["VARCHAR"], "first": "BIGINT", "pins": ["BIGINT"]}') as told
          from exposures semi join done using (shopper))
) semi join done using (shopper, product)
"""
"""A row a product of an answer, where the shopper did anything with it at any time: few of all that were shown.
``moment`` orders answers of the same second too."""
CREDITED = """
create table credited as
with named as (
    select done.kind, done.seq as done, done.revenue, shown.seq as seq, shown.product, shown.pinned
    from done join shown using (shopper, product, request_id) where abs(done.time - shown.time) <= $seconds
    qualify row_number() over (partition by done.kind, done.seq order by shown.seq desc) = 1
),
kept as (select distinct shopper, request_id from exposures semi join done using (shopper, request_id)),
open as (
    select done.* from done left join kept using (shopper, request_id)
    where done.request_id is null or kept.request_id is not null
),
last as (
    select done.kind, done.seq as done, done.revenue, shown.seq as seq, shown.product, shown.pinned
    from (select * from open anti join named on open.kind = named.kind and open.seq = named.done) done asof join shown
      on done.shopper = shown.shopper and done.product = shown.product and done.moment >= shown.moment
    where done.time - shown.time <= $seconds
)
select * from named union all select * from last
"""
"""A row a click or purchase that an answer gets: the one whose request_id it names, else the last one before it.
What names an answer of that shopper that was not kept is nobody's: the last one that was kept is an older one."""


def attribute(con: duckdb.DuckDBPyConnection, days: int) -> None:
    """Make the tables ``answers`` (their counts and version), ``shown`` and ``credited`` from ``exposures`` and ``events``.

    Args:
        con: has the tables of ``read_into``.
        days: after an answer, in which a click or a purchase counts for it.
    """
    for step in (PIECES, BOUGHT, DONE, ANSWERS, SHOWN):
        con.execute(step)
    con.execute(CREDITED, {"seconds": days * DAY})
