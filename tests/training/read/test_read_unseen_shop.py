"""A wholesaler's export as it comes: cancellations, blank customers, postage, overlaps, Latin-1."""

from small_shop import Read

FEBRUARY = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HEART T-LIGHT,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,CAFÉ SIGN,6,12/1/2010 8:26,3.39,17850,United Kingdom
536365,POST,POSTAGE,1,12/1/2010 8:26,18.00,17850,United Kingdom
536366,22633,HAND WARMER,600,12/13/2010 8:28,1.85,,France
536366,22634,,600,12/13/2010 8:28,0,,France
C536379,71053,CAFÉ SIGN,-6,12/14/2010 9:41,3.39,17850,United Kingdom
A563185,B,Adjust bad debt,1,12/14/2010 14:50,-11062.06,,United Kingdom
"""
MARCH = FEBRUARY.splitlines(keepends=True)
MARCH = "".join([MARCH[0], *MARCH[4:6], "536400,22633,HAND WARMER,2,12/20/2010 10:00,1.85,13047,United Kingdom\n"])
TOML = """files = ["export-*.csv"]
columns.user_id = "CustomerID"
columns.product_id = "StockCode"
columns.order_id = "InvoiceNo"
columns.time = "InvoiceDate"
columns.quantity = "Quantity"
columns.price = "UnitPrice"
"""
MORE = """[data.products]
files = ["export-*.csv"]
columns = { product_id = "StockCode", name = "Description" }
keep = "StockCode not in ('POST', 'D', 'M', 'B')"
"""


def test_a_wholesalers_export_goes_through_without_code(read: Read) -> None:
    """Each kind of dirt is found, counted under its own reason, and nothing else is lost."""
    files = {"export-1.csv": FEBRUARY.encode("latin-1"), "export-2.csv": MARCH.encode("latin-1")}
    data = read(files=files, toml=TOML, more=MORE, top='timezone = "Europe/London"')
    facts = data.facts.tables["purchases"]
    assert facts.refused == {"price is below 0": 1}
    assert facts.set_aside == {
        "product is not kept in data.products": 1,
        "line of another file again: counted once": 2,
        "return: takes its purchase back": 1,
        "purchase that was taken back": 1,
    }
    assert (facts.read, facts.kept, len(data.purchases)) == (10, 4, 4)
    assert data.facts.orders == 3
    row = data.products.row("71053")
    assert data.catalogue.value("name", row) == "CAFÉ SIGN"
    assert data.products.row("POST") == -1
