{# The rows of a query as lists of text, none for NULL. #}
{% macro dot_rows(query) %}
  {%- set rows = [] -%}
  {%- for row in run_query(query).rows -%}
    {%- do rows.append(row.values() | list) -%}
  {%- endfor -%}
  {{ return(rows) }}
{% endmacro %}
