{{ config(materialized='incremental', unique_key='day') }}
select day, count(*) as fruits from {{ ref('prices') }}
{% if is_incremental() %}where day >= (select max(day) from {{ this }}){% endif %}
group by day
