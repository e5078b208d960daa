{# Columns that have another name in b, but the same values: pairs [a, b]. A column that only
   a has and one that only b has are a pair if they have the same type and, as a whole, the
   same values as no other. Then a second query proves that the rows are the same: together
   with the columns that both sides have, if these are the same, else with the key. Without
   proof there are no pairs. #}
{% macro dot_renamed_columns(facts, pair) %}
  {%- set alone = {'a': [], 'b': []} -%}
  {%- set names = {'a': [], 'b': []} -%}
  {%- for side in ['a', 'b'] -%}
    {%- for column in pair.found[side].columns -%}{%- do names[side].append(column[0]) -%}{%- endfor -%}
  {%- endfor -%}
  {%- for side, other in [('a', 'b'), ('b', 'a')] -%}
    {%- for column in pair.found[side].columns if column[0] not in names[other] and column[0] not in pair.found.ignored -%}
      {%- set plan = dot_plan(facts, column[1], column[1]) -%}
      {%- set value = plan[side].format(facts.quote ~ (column[0] | replace(facts.quote, facts.escape)) ~ facts.quote) -%}
      {%- do alone[side].append({'name': column[0], 'type': column[1], 'hash': plan.hash, side: value}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set base = [] -%}
  {%- if pair.found.sums.a == pair.found.sums.b or not pair.columns -%}
    {%- do base.extend(pair.columns) -%}
  {%- elif pair.key -%}
    {%- do base.extend(pair.key) -%}
  {%- endif -%}
  {%- if not alone.a or not alone.b or alone.a | length > 50 or alone.b | length > 50 or pair.found.sums.a[0] != pair.found.sums.b[0] or pair.found.sums.a[0] == '0' or (pair.columns and not base) -%}
    {{ return('') }}
  {%- endif -%}

  {%- set sums = {} -%}
  {%- for side in ['a', 'b'] -%}
    {%- set values = [] -%}
    {%- for column in alone[side] -%}
      {%- do values.append(facts.text.format(facts.sum.format(facts.mix.format(dot_row_hash(facts, [column], side)))) ~ ' as s' ~ loop.index0) -%}
    {%- endfor -%}
    {%- set row = dot_rows('select ' ~ values | join(', ') ~ ' from ' ~ dot_from(pair, side))[0] -%}
    {%- for column in alone[side] -%}
      {%- set found = sums.setdefault(column.type ~ ' ' ~ row[loop.index0], {'a': [], 'b': []}) -%}
      {%- do found[side].append(column) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set matched = [] -%}
  {%- for found in sums.values() if found.a | length == 1 and found.b | length == 1 -%}
    {%- do matched.append({'names': [found.a[0].name, found.b[0].name], 'hash': found.b[0].hash, 'a': found.a[0].a, 'b': found.b[0].b}) -%}
  {%- endfor -%}
  {%- if matched -%}
    {%- set proof = [] -%}
    {%- for side in ['a', 'b'] -%}
      {%- set sum = facts.sum.format(facts.mix.format(dot_row_hash(facts, base + matched, side))) -%}
      {%- do proof.append(dot_rows('select ' ~ facts.text.format(sum) ~ ' as fingerprint from ' ~ dot_from(pair, side))[0][0]) -%}
    {%- endfor -%}
    {%- if proof[0] == proof[1] -%}
      {%- do pair.found.update({'moved': []}) -%}
      {%- for column in matched -%}{%- do pair.found.moved.append(column.names) -%}{%- endfor -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}
