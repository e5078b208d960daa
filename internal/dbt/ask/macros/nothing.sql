{# Nothing is created, not even a missing schema. dbt commits after this. If that needs
   a transaction, the statement opens one. #}
{% macro create_schema(relation) %}
  {%- call statement('create_schema') -%}select 1{%- endcall -%}
{% endmacro %}


{# The project's database and schema are used as they are. #}
{% macro generate_database_name(custom_database_name=none, node=none) %}
  {{ return(custom_database_name or target.database) }}
{% endmacro %}


{% macro generate_schema_name(custom_schema_name, node=none) %}
  {{ return(custom_schema_name or target.schema) }}
{% endmacro %}
