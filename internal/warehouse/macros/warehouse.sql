{# The model of this project holds no SQL but JSON, the work (write.go). This runs
   its queries, and hands the rows back with dot_answer. #}
{% materialization dot_warehouse, default %}
  {%- set work = fromjson(sql) -%}
  {%- set answer = {'version': 1, 'database': target.database, 'exist': [], 'dependents': [], 'search_path': []} -%}
  {%- for query in work.exist -%}
    {%- do answer.exist.extend(dot_rows(query)) -%}
  {%- endfor -%}
  {%- for row in work.lookups -%}
    {%- set relation = adapter.get_relation(database=row.database or none, schema=row.schema, identifier=row.name) -%}
    {%- if relation is not none -%}
      {%- do answer.exist.append([row.number, (relation.type or 'relation') | string, '']) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- for query in work.dependents -%}
    {%- do answer.dependents.extend(dot_rows(query)) -%}
  {%- endfor -%}
  {%- for query in work.search_path -%}
    {%- for row in dot_rows(query) -%}
      {%- do answer.search_path.append(row[0]) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- do dot_answer(model, answer, answer.exist | length, 'asked') -%}
  {{ return({'relations': []}) }}
{% endmaterialization %}
