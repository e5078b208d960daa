{# Nothing is created, not even a schema that dbt thinks is missing. dbt commits
   after this, and where that needs a transaction the statement opens one. #}
{% macro create_schema(relation) %}
  {%- call statement('create_schema') -%}select 1{%- endcall -%}
{% endmacro %}


{# Where dbt looks is where the project says, verbatim. #}
{% macro generate_database_name(custom_database_name=none, node=none) %}
  {{ return(custom_database_name or target.database) }}
{% endmacro %}


{% macro generate_schema_name(custom_schema_name, node=none) %}
  {{ return(custom_schema_name or target.schema) }}
{% endmacro %}
