"""SQL functions that several formats use."""

MACROS = r"""
create or replace macro given(x) as case
    when lower(trimmed(x)) in ('', '(not set)', '(none)', '(not provided)', '(data deleted)', 'null', 'nan') then null
    else trimmed(x) end;
create or replace macro money(x) as coalesce(nullif(regexp_replace(x, '[^0-9.,+-]', '', 'g'), ''), given(x));
create or replace macro first_of(x) as given(case when x like '["%' then x->>'$[0]' else x end);
create or replace macro json_words(x) as
    case when json_type(x) = 'ARRAY' then array_to_string(from_json(x, '["VARCHAR"]'), '|') end;
create or replace macro category_path(x) as array_to_string(list_filter(
    list_transform(string_split(given(x), '>'), lambda one: trim(one)), lambda one: one <> ''), ' > ');
create or replace macro category_top(x) as given(split_part(x, '>', 1));
create or replace macro availability_word(x) as replace(lower(given(x)), ' ', '_');
create or replace macro availability_count(x) as case availability_word(x)
    when 'in_stock' then '1' when 'limited_availability' then '1' when 'on_display_to_order' then '1'
    when 'preorder' then '1' when 'backorder' then '1' when 'out_of_stock' then '0' end;
create or replace macro event_word(x) as lower(given(x));
"""
