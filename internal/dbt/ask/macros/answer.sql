{# Hands over the answer of a model: as the code of the adapter's response, which dbt neither
   prints nor logs. dbt 2.0.0-alpha.4 drops that. So in dbt 2 the answer is printed, too, and
   is in the log file. #}
{% macro dot_answer(node, answer, rows, message) %}
  {%- set text = tojson(answer) -%}
  {%- do store_raw_result(name='main', message=message, code=text, rows_affected=rows) -%}
  {%- if dbt_version.split('.')[0] != '1' -%}
    {%- do print('dot_answer ' ~ node.unique_id ~ ' ' ~ text) -%}
  {%- endif -%}
{% endmacro %}
