{% macro size() %}10{% endmacro %}
