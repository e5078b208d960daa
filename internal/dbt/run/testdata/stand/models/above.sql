{{ config(enabled=env_var('STAND_BROKEN', '') != '') }} select * from {{ ref('broken') }}
