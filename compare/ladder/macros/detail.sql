{# The differences between two relations whose fingerprints differ. #}
{% macro dot_detail(facts, pair) %}
  {%- set key = dot_key(facts, pair) -%}
  {%- if key -%}
    {%- do pair.update({'key': key}) -%}
    {%- do pair.found.update({'join': dot_join(facts, pair, key)}) -%}
  {%- else -%}
    {%- do pair.found.update({'group': dot_group(facts, pair)}) -%}
  {%- endif -%}
  {%- if pair.work.distributions -%}
    {%- do dot_distributions(facts, pair) -%}
  {%- endif -%}
{% endmacro %}


{# Without a key: each row counts +1 in b and -1 in a. Equal rows are grouped; if the
   sum of a group isn't 0, its row was added or removed. Row "total": added, removed,
   and a number for each column. That number is 0 if both sides have as many rows and
   the column's values are the same as a whole. Rows "added" and "removed": how often,
   values. #}
{% macro dot_group(facts, pair) %}
  {%- set names, sides, positions, own, values = [], {'a': [], 'b': []}, [], [], [] -%}
  {%- for column in pair.columns -%}
    {%- set i = loop.index0 -%}
    {%- set name = 'c' ~ i -%}
    {%- do names.append(name) -%}
    {%- do positions.append(i + 1) -%}
    {%- for side in ['a', 'b'] -%}
      {%- do sides[side].append(column[side] ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {%- do own.append(facts.text.format(facts.signed.format('n', facts.mix.format(dot_row_hash(facts, [{'hash': column.hash, 'a': name}], 'a')))) ~ ' as v' ~ loop.index0) -%}
    {%- do values.append(facts.clip.format(column.shown.format(name)) ~ ' as v' ~ loop.index0) -%}
  {%- endfor -%}
  {%- set query -%}
with d as (
select {{ names | join(', ') }}, sum(s) as n from (
select {{ sides.a | join(', ') }}, -1 as s from {{ dot_from(pair, 'a') }}
union all
select {{ sides.b | join(', ') }}, 1 as s from {{ dot_from(pair, 'b') }}
) as u
group by {{ positions | join(', ') }}
having sum(s) <> 0
)
select 'total' as kind, {{ facts.text.format('coalesce(sum(case when n > 0 then n else 0 end), 0)') }} as n1, {{ facts.text.format('coalesce(sum(case when n < 0 then -n else 0 end), 0)') }} as n2, {{ own | join(', ') }} from d
  {%- if pair.work.sample -%}
  {%- for kind, sign in [('added', '>'), ('removed', '<')] %}
union all
select '{{ kind }}' as kind, {{ facts.text.format('abs(n)') }} as n1, {{ facts.text.format('null') }} as n2, {{ values | join(', ') }} from (
select * from d where n {{ sign }} 0 order by {{ positions[:3] | join(', ') }} limit {{ pair.work.sample }}
) as s
  {%- endfor -%}
  {%- endif -%}
  {%- endset -%}
  {%- do pair.found.update({'sampled': pair.found.compared}) -%}
  {{ return(dot_rows(query)) }}
{% endmacro %}


{# Returns the key's columns if they identify the rows on both sides. Otherwise it
   returns none and puts the problem into pair.found. #}
{% macro dot_key(facts, pair) %}
  {%- if not pair.work.key -%}
    {{ return(none) }}
  {%- endif -%}
  {%- set key = [] -%}
  {%- for name in pair.work.key -%}
    {%- for column in dot_named(name, pair.by_name) -%}
      {%- do key.append(pair.by_name[column]) -%}
    {%- else -%}
      {%- do pair.found.update({'key': {'problem': 'missing', 'column': name}}) -%}
      {{ return(none) }}
    {%- endfor -%}
  {%- endfor -%}
  {%- set selects, names, nulls, positions = [], [], [], [] -%}
  {%- for column in key -%}
    {%- do names.append('k' ~ loop.index0) -%}
    {%- do nulls.append('k' ~ loop.index0 ~ ' is null') -%}
    {%- do positions.append(loop.index) -%}
  {%- endfor -%}
  {%- set by_side = {} -%}
  {%- for side in ['a', 'b'] -%}
    {%- do by_side.update({side: '(select ' ~ names | join(', ') ~ ', count(*) as n from (select ' ~ dot_keys(key, side) ~ ' from ' ~ dot_from(pair, side) ~ ') as r group by ' ~ positions | join(', ') ~ ') as g'}) -%}
    {%- do selects.append("select '" ~ side ~ "' as side, " ~ facts.text.format('coalesce(sum(case when ' ~ nulls | join(' or ') ~ ' then n else 0 end), 0)')
      ~ ' as n1, ' ~ facts.text.format('coalesce(sum(case when n > 1 and not (' ~ nulls | join(' or ') ~ ') then 1 else 0 end), 0)') ~ ' as n2 from ' ~ by_side[side]) -%}
  {%- endfor -%}
  {%- set problem = {} -%}
  {%- set found = {} -%}
  {%- for row in dot_rows(selects | join('\nunion all\n')) -%}{%- do found.update({row[0]: row}) -%}{%- endfor -%}
  {%- for row in [found.a, found.b] if not problem -%}
    {%- if row[1] != '0' -%}
      {%- do problem.update({'problem': 'null', 'side': row[0], 'count': row[1]}) -%}
    {%- elif row[2] != '0' -%}
      {%- set values = [] -%}
      {%- for column in key -%}
        {%- do values.append(facts.clip.format(column.shown.format(names[loop.index0])) ~ ' as v' ~ loop.index0) -%}
      {%- endfor -%}
      {%- set example = dot_rows('select ' ~ facts.text.format('n') ~ ' as n1, ' ~ values | join(', ') ~ ' from ' ~ by_side[row[0]] ~ ' where n > 1 and not (' ~ nulls | join(' or ')
        ~ ') order by n desc, ' ~ names | join(', ') ~ ' limit 1')[0] -%}
      {%- do problem.update({'problem': 'repeated', 'side': row[0], 'count': row[2], 'times': example[0], 'example': example[1:]}) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if problem -%}
    {%- do pair.found.update({'key': problem}) -%}
    {{ return(none) }}
  {%- endif -%}
  {{ return(key) }}
{% endmacro %}


{# With a key: one full join. Where it is faster (facts.narrow), keys and row hashes
   are joined first, then only the rows whose hashes differ. Row "total": added,
   removed, changed, all rows that differ (tolerated ones too), and in how many rows
   each column differs. Rows "added", "removed", "before" and "after": the row's number
   (a changed row has the same one in "before" and "after"), values. #}
{% macro dot_join(facts, pair, key) %}
  {%- set sides, on, keys, names, same = {'a': [], 'b': []}, [], [], [], [] -%}
  {%- set flags, any, changed, sums, sampled = [], [], [], [], [] -%}
  {%- for column in key -%}
    {%- set name = 'k' ~ loop.index0 -%}
    {%- do names.append(name) -%}
    {%- do on.append('a.' ~ name ~ ' = b.' ~ name) -%}
    {%- do same.append('r.' ~ name ~ ' = s.' ~ name) -%}
    {%- do keys.append('coalesce(a.' ~ name ~ ', b.' ~ name ~ ') as ' ~ name) -%}
    {%- for side in ['a', 'b'] -%}
      {%- do sides[side].append(column[side] ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {%- if column.name not in pair.found.compared -%}
      {%- do sampled.append(column) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- for column in pair.columns -%}
    {%- set i = loop.index0 -%}
    {%- do sampled.append(column) -%}
    {%- if column.name in key | map(attribute='name') -%}
      {%- do sums.append(facts.text.format('0') ~ ' as v' ~ i) -%}
    {%- else -%}
      {%- set name = 'c' ~ i -%}
      {%- for side in ['a', 'b'] -%}
        {%- do sides[side].append(column[side] ~ ' as ' ~ name) -%}
        {%- if column.tolerance -%}
          {%- do sides[side].append(facts.double.format(column.quoted) ~ ' as n' ~ i) -%}
        {%- endif -%}
      {%- endfor -%}
      {%- set differs = facts.distinct.format('a.' ~ name, 'b.' ~ name) -%}
      {%- do any.append(differs) -%}
      {%- if column.tolerance -%}
        {%- set differs = differs ~ ' and not ' ~ dot_within(facts, 'a.n' ~ i, 'b.n' ~ i, column.tolerance) -%}
      {%- endif -%}
      {%- do flags.append('case when a.p = 1 and b.p = 1 and ' ~ differs ~ ' then 1 else 0 end as ' ~ name) -%}
      {%- do changed.append(name ~ ' = 1') -%}
      {%- do sums.append(facts.text.format('coalesce(sum(' ~ name ~ '), 0)') ~ ' as v' ~ i) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set changed = changed | join(' or ') or '1 = 0' -%}
  {%- set values = {'a': [], 'b': []} -%}
  {%- for column in sampled -%}
    {%- for side in ['a', 'b'] -%}
      {%- do values[side].append(facts.clip.format(column.text[side]) ~ ' as v' ~ (values[side] | length)) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- for i in range(sums | length, sampled | length) -%}
    {%- do sums.append(facts.text.format('null') ~ ' as v' ~ i) -%}
  {%- endfor -%}
  {%- set narrow = facts.narrow and pair.columns | length >= facts.narrow -%}
  {%- set query -%}
with
{%- if narrow %} k as {{ facts.materialized }} (
select {{ keys | join(', ') }}
from (select {{ dot_keys(key, 'a') }}, {{ dot_row_hash(facts, pair.columns, 'a') }} as h from {{ dot_from(pair, 'a') }}) as a
full join (select {{ dot_keys(key, 'b') }}, {{ dot_row_hash(facts, pair.columns, 'b') }} as h from {{ dot_from(pair, 'b') }}) as b
on {{ on | join(' and ') }}
where {{ facts.distinct.format('a.h', 'b.h') }}
),
{%- endif %}
  {%- for side in ['a', 'b'] %}
{{ side }} as (
    {%- if narrow -%}
select r.* from (select 1 as p, {{ sides[side] | join(', ') }} from {{ dot_from(pair, side) }}) as r join k as s on {{ same | join(' and ') }}
    {%- else -%}
select 1 as p, {{ sides[side] | join(', ') }} from {{ dot_from(pair, side) }}
    {%- endif -%}
),
  {%- endfor %}
j as {{ facts.materialized }} (
select {{ keys | join(', ') }}, case when a.p is null then 1 else 0 end as added, case when b.p is null then 1 else 0 end as removed
{%- if flags %}, {{ flags | join(', ') }}{% endif %}
from a full join b on {{ on | join(' and ') }}
where a.p is null or b.p is null{% if any %} or {{ any | join(' or ') }}{% endif %}
)
select 'total' as kind, {{ facts.text.format('coalesce(sum(added), 0)') }} as n1, {{ facts.text.format('coalesce(sum(removed), 0)') }} as n2, {{ facts.text.format('coalesce(sum(case when ' ~ changed ~ ' then 1 else 0 end), 0)') }} as n3, {{ facts.text.format('count(*)') }} as n4, {{ sums | join(', ') }} from j
  {%- if pair.work.sample -%}
  {%- for kind, side, which in [('added', 'b', 'added = 1'), ('removed', 'a', 'removed = 1'), ('before', 'a', changed), ('after', 'b', changed)] %}
union all
select '{{ kind }}' as kind, {{ facts.text.format('s.i') }} as n1, {{ facts.text.format('null') }} as n2, {{ facts.text.format('null') }} as n3, {{ facts.text.format('null') }} as n4, {% for column in sampled %}r.v{{ loop.index0 }}{{ ', ' if not loop.last }}{% endfor %}
from (select {{ dot_keys(key, side) }}, {{ values[side] | join(', ') }} from {{ dot_from(pair, side) }}) as r
join (select {{ names | join(', ') }}, row_number() over (order by {{ names | join(', ') }}) as i from j where {{ which }} order by {{ names | join(', ') }} limit {{ pair.work.sample }}) as s
on {{ same | join(' and ') }}
  {%- endfor -%}
  {%- endif -%}
  {%- endset -%}
  {%- do pair.found.update({'sampled': sampled | map(attribute='name') | list, 'tolerated': pair.columns | selectattr('tolerance') | list | length > 0}) -%}
  {{ return(dot_rows(query)) }}
{% endmacro %}


{# The key's columns as a select list, with their names in the query. #}
{% macro dot_keys(key, side) %}
  {%- set expressions = [] -%}
  {%- for column in key -%}
    {%- do expressions.append(column[side] ~ ' as k' ~ loop.index0) -%}
  {%- endfor -%}
  {{ return(expressions | join(', ')) }}
{% endmacro %}


{# Whether two numbers are within the tolerance, absolute or relative to the larger
   one. An infinite number is within no tolerance. #}
{% macro dot_within(facts, a, b, tolerance) %}
  {%- set limit = facts.double.format("'" ~ tolerance ~ "'") -%}
  {{ return('case when abs(' ~ a ~ ') < 1e300 and abs(' ~ b ~ ') < 1e300 then abs(' ~ a ~ ' - ' ~ b ~ ') <= ' ~ limit
    ~ ' * greatest(' ~ facts.double.format('1') ~ ', abs(' ~ a ~ '), abs(' ~ b ~ ')) else 1 = 0 end') }}
{% endmacro %}


{# The distributions of the numeric columns that differ, as spans
   [side, column, rows, nulls, min, max, mean] and bins [side, column, bin, rows]. #}
{% macro dot_distributions(facts, pair) %}
  {%- set total = (pair.found.join or pair.found.group)[0] -%}
  {%- set first = 5 if pair.found.join else 3 -%}
  {%- set columns = [] -%}
  {%- for column in pair.columns -%}
    {%- if column.number and (total[first + loop.index0] != '0' or (not pair.found.join and total[1] != total[2])) -%}
      {%- do columns.append(column) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- do pair.found.update({'spans': [], 'bins': []}) -%}
  {%- for batch in columns | batch(50) -%}
    {%- set selects, spans = [], {} -%}
    {%- for column in batch -%}
      {%- for side in ['a', 'b'] -%}
        {%- do selects.append("select '" ~ side ~ "' as side, '" ~ pair.columns.index(column) ~ "' as i, " ~ facts.text.format('count(*)') ~ ' as n1, ' ~ facts.text.format('count(*) - count(x)') ~ ' as n2, '
          ~ facts.text.format('min(f)') ~ ' as n3, ' ~ facts.text.format('max(f)') ~ ' as n4, ' ~ facts.text.format('avg(f)') ~ ' as n5 from ' ~ dot_numbers(facts, pair, column, side)) -%}
      {%- endfor -%}
    {%- endfor -%}
    {%- for row in dot_rows(selects | join('\nunion all\n')) -%}
      {%- do pair.found.spans.append(row) -%}
      {%- if row[4] is not none -%}
        {%- set low, high = spans.get(row[1], [row[4], row[5]]) -%}
        {%- do spans.update({row[1]: [
          row[4] if row[4] | float < low | float else low,
          row[5] if row[5] | float > high | float else high,
        ]}) -%}
      {%- endif -%}
    {%- endfor -%}
    {%- set selects = [] -%}
    {%- for i, span in spans.items() -%}
      {%- set low, high = facts.double.format("'" ~ span[0] ~ "'"), facts.double.format("'" ~ span[1] ~ "'") -%}
      {%- for side in ['a', 'b'] -%}
        {%- set bin = 'floor((f - ' ~ low ~ ') / (' ~ high ~ ' - ' ~ low ~ ') * 20)' if span[0] | float < span[1] | float else '0' -%}
        {%- do selects.append("select '" ~ side ~ "' as side, '" ~ i ~ "' as i, " ~ facts.text.format('bin') ~ ' as n1, ' ~ facts.text.format('count(*)') ~ ' as n2 from (select case when ' ~ bin ~ ' > 19 then 19 else ' ~ bin ~ ' end as bin from '
          ~ dot_numbers(facts, pair, pair.columns[i | int], side) ~ ' where f is not null) as q group by bin') -%}
      {%- endfor -%}
    {%- endfor -%}
    {%- if selects -%}
      {%- do pair.found.bins.extend(dot_rows(selects | join('\nunion all\n'))) -%}
    {%- endif -%}
  {%- endfor -%}
{% endmacro %}


{# A numeric column: x in double precision, f the same if finite, else null. #}
{% macro dot_numbers(facts, pair, column, side) %}
  {{ return('(select x, case when abs(x) < 1e300 then x end as f from (select ' ~ facts.double.format(column.quoted) ~ ' as x from ' ~ dot_from(pair, side) ~ ') as r) as t') }}
{% endmacro %}
