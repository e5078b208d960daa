select fruit, cents from {{ ref('prices') }} where cents < {{ var('most') }}
