"""A workbook from rows, as a spreadsheet program saves it: texts in place, moments as days since 1900 with a style."""

import zipfile
from datetime import datetime
from io import BytesIO
from xml.sax.saxutils import escape

Cell = str | float | datetime | None
TYPES = "http://schemas.openxmlformats.org"
STYLES = (
    f'<styleSheet xmlns="{TYPES}/spreadsheetml/2006/main"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


def workbook(**sheets: list[list[Cell]]) -> bytes:
    """Return an .xlsx with these rows by sheet."""
    names = list(sheets)
    book = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(names, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{TYPES}/officeDocument/2006/relationships/worksheet" Target="sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    links += f'<Relationship Id="s" Type="{TYPES}/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}/package/2006/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/><Default Extension="rels" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{TYPES}/package/2006/relationships"><Relationship Id="b" '
        f'Type="{TYPES}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{TYPES}/spreadsheetml/2006/main" '
        f'xmlns:r="{TYPES}/officeDocument/2006/relationships"><sheets>{book}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{TYPES}/package/2006/relationships">{links}</Relationships>',
        "xl/styles.xml": STYLES,
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/sheet{number}.xml"] = (
            f'<worksheet xmlns="{TYPES}/spreadsheetml/2006/main"><sheetData>'
            + "".join(_row(place, cells) for place, cells in enumerate(rows, 1))
            + "</sheetData></worksheet>"
        )
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def _row(place: int, cells: list[Cell]) -> str:
    told = "".join(_cell(f"{chr(65 + column)}{place}", one) for column, one in enumerate(cells) if one is not None)
    return f'<row r="{place}">{told}</row>'


def _cell(where: str, value: Cell) -> str:
    if isinstance(value, str):
        return f'<c r="{where}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, datetime):
        days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400
        return f'<c r="{where}" s="1"><v>{days!r}</v></c>'
    return f'<c r="{where}"><v>{value!r}</v></c>'
