"""Calls that were sent together: bodies ``{"batch": [{…}, {…}], "sentAt": …}``, as Segment's HTTP API takes them.

What a body says beside its calls (``context``, ``sentAt``) holds for each call that does not say it itself.

Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch
"""

from pathlib import Path

import duckdb

from training.read.engine import Session, literal

BATCH = "batch"
"""The key of the calls."""
_NAMED = "(json_exists({0}, '$.type') or json_exists({0}, '$.event'))"
IS_BODY = f"""case when json_valid(line) then json_type(line) = 'OBJECT' and coalesce(json_type(line, '$.batch') = 'ARRAY', false)
    and {_NAMED.format("(line::json->'$.batch[0]')")} and not {_NAMED.format("line::json")} else false end"""
"""SQL over a text ``line``: whether it is such a body, which is no call itself and whose first call names its kind."""
_ALL = "json_merge_patch(line::json, '{\"batch\": null}'::json)"
"""SQL of what a body says of all its calls."""
_EACH = f"""list_transform(from_json(line::json->'$.batch', '["VARCHAR"]'), lambda call: case when json_valid(call)
    and json_type(call) = 'OBJECT' then json_merge_patch({_ALL}, call::json)::varchar else call end)"""
"""SQL of the calls of a body, as texts."""


def documents(session: Session, path: Path) -> str | None:
    """Return the SQL of a file's JSON documents, ``line`` and ``#row``, where they span lines and are bodies; else None."""
    read = f"read_json_objects({literal(path)}, format = 'unstructured')"
    sql = f'(select json::varchar as line, row_number() over () as "#row" from {read})'
    try:
        bodies = session.rows(f"select count(*) > 0 and bool_and({IS_BODY}) from {sql}")[0][0]
    except duckdb.Error:  # lines, some of them broken; or cut
        return None
    return sql if bodies else None


def calls(session: Session, lines: str) -> str:
    """Return ``lines`` (SQL: ``line``, ``#row``) with the calls of bodies in their place; ``#row`` counts them all then.

    Where none of them is a body, they are as they were.
    """
    if not session.rows(f"select 1 from {lines} where {IS_BODY} limit 1"):
        return lines
    told = f"case when {IS_BODY} then {_EACH} else [line] end"
    each = f'select unnest({told}) as line, "#row", unnest(range(len({told}))) as place from {lines}'
    return f'(select line, row_number() over (order by "#row", place) as "#row" from ({each}))'
