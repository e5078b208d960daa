{{ config(materialized='ephemeral') }} select * from {{ ref('prices') }}
