{# The model of the project that manages schemas holds no SQL but JSON, its part of the work
   (schemas.go). This asks, then changes what is to be changed, in one transaction, and hands
   back the rows of the queries. #}
{% materialization dot_schemas, default %}
  {%- set work = fromjson(sql) -%}
  {%- set answer = {'version': 1, 'database': target.database, 'rows': [], 'did': false} -%}
  {%- for query in work.queries -%}
    {%- do answer.rows.extend(dot_rows(query)) -%}
  {%- endfor -%}
  {%- set statements = work.change -%}
  {%- if work.create | length > 0 -%}
    {%- if answer.rows | length == 0 -%}
      {%- set statements = work.create + work.change -%}
    {%- else -%}
      {%- set had = answer.rows[0][0] or '' -%}
      {%- if not (had.startswith(work.same) or (had == '' and work.take)) -%}
        {%- set statements = [] -%}
      {%- endif -%}
    {%- endif -%}
  {%- endif -%}
  {%- if work.absent and answer.rows | length > 0 -%}
    {%- set statements = [] -%}
  {%- endif -%}
  {%- for text in statements -%}
    {%- call statement('dot_change') -%}{{ text }}{%- endcall -%}
  {%- endfor -%}
  {%- if statements | length > 0 -%}
    {%- do adapter.commit() -%}
    {%- do answer.update({'did': true}) -%}
  {%- endif -%}
  {%- do dot_answer(model, answer, answer.rows | length, 'done') -%}
  {{ return({'relations': []}) }}
{% endmaterialization %}
