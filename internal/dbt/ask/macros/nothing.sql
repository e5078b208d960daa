{# Nothing is created, not even a schema that dbt thinks is missing. #}
{% macro create_schema(relation) %}{% endmacro %}


{# Where dbt looks is where the project says, verbatim. #}
{% macro generate_database_name(custom_database_name=none, node=none) %}
  {{ return(custom_database_name or target.database) }}
{% endmacro %}


{% macro generate_schema_name(custom_schema_name, node=none) %}
  {{ return(custom_schema_name or target.schema) }}
{% endmacro %}
