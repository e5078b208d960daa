{% macro stamp() %}
  {% do run_query('create table if not exists ' ~ target.schema ~ '.stamp as select 7 as n') %}
  {{ log('stamped', info=true) }}
{% endmacro %}
{% macro fall() %}{{ exceptions.raise_compiler_error('it falls') }}{% endmacro %}
