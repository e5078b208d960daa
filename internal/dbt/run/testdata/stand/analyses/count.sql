select count(*) from {{ ref('days') }}
