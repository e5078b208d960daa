{% snapshot history %}
{{ config(unique_key='fruit', strategy='check', check_cols=['cents'], target_schema='stand') }}
select fruit, cents from {{ ref('prices') }}
{% endsnapshot %}
