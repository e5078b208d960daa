{{ config(enabled=env_var('STAND_BROKEN', '') != '') }} select * from {{ ref('brief') }} where no_such_column = 1
