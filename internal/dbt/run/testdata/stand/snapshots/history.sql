{% snapshot history %}
{{ config(unique_key='fruit', strategy='check', check_cols=['cents'], target_schema=env_var('STAND_SCHEMA', 'stand')) }}
select fruit, cents from {{ ref('prices') }}
{% endsnapshot %}
