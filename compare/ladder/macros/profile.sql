{# What the columns of b hold: for each column, in b's order, the numbers of values other
   than NULL and of different ones, the smallest and the largest. One query reads up to 50
   columns. Smallest and largest are null where the type has no order here (booleans, nested
   types), and for texts unless rows may be shown (work.sample). #}
{% macro dot_profile(facts, pair) %}
  {%- do pair.found.update({'profile': []}) -%}
  {%- for batch in pair.found.b.columns | batch(50) -%}
    {%- set values = [] -%}
    {%- for column in batch -%}
      {%- set quoted = facts.quote ~ (column[0] | replace(facts.quote, facts.escape)) ~ facts.quote -%}
      {%- set plan = dot_plan(facts, column[1], column[1]) -%}
      {%- set class = dot_type(facts, column[1]).fact.class -%}
      {%- set value = plan.b.format(quoted) -%}
      {%- set different = value -%}
      {%- if class == 'other' -%}
        {%- set different = 'case when ' ~ quoted ~ ' is not null then ' ~ facts.mix.format(dot_row_hash(facts, [{'hash': plan.hash, 'b': value}], 'b')) ~ ' end' -%}
      {%- endif -%}
      {%- set ends = ['null', 'null'] -%}
      {%- if class != 'other' and (class != 'text' or pair.work.sample) -%}
        {%- set ends = ['min(' ~ value ~ ')', 'max(' ~ value ~ ')'] -%}
      {%- endif -%}
      {%- set i = loop.index0 -%}
      {%- do values.append(facts.text.format('count(' ~ quoted ~ ')') ~ ' as n' ~ i) -%}
      {%- do values.append(facts.text.format('count(distinct ' ~ different ~ ')') ~ ' as d' ~ i) -%}
      {%- do values.append(facts.clip.format(facts.text.format(ends[0])) ~ ' as a' ~ i) -%}
      {%- do values.append(facts.clip.format(facts.text.format(ends[1])) ~ ' as z' ~ i) -%}
    {%- endfor -%}
    {%- set row = dot_rows('select ' ~ values | join(', ') ~ ' from ' ~ dot_from(pair, 'b'))[0] -%}
    {%- for column in batch -%}
      {%- set at = loop.index0 * 4 -%}
      {%- do pair.found.profile.append([row[at], row[at + 1], row[at + 2], row[at + 3]]) -%}
    {%- endfor -%}
  {%- endfor -%}
{% endmacro %}
