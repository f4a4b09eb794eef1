-- One person per customer_ref; a loyalty card joins the person it was seen with. A card seen with several
-- references goes to the first of them, so that no two shop accounts are merged by one shared card.
with sightings as (

    select
        customer_ref,
        loyalty_id
    from {{ ref('stg_sales__orders') }}
    union all
    select
        customer_ref,
        loyalty_id
    from {{ ref('stg_loyalty__members') }}
    union all
    select
        customer_ref,
        null as loyalty_id
    from {{ ref('stg_sales__returns') }}
    union all
    select
        customer_ref,
        loyalty_id
    from {{ ref('stg_support__contacts') }}
    union all
    select
        customer_ref,
        loyalty_id
    from {{ ref('stg_loyalty__exposures') }}

),

cards as (

    select
        loyalty_id,
        coalesce(min(customer_ref), loyalty_id) as person
    from sightings
    where loyalty_id is not null
    group by loyalty_id

),

final as (

    select distinct
        'customer_ref' as kind,
        customer_ref as token,
        {{ short_id('c', 'customer_ref') }} as customer_id
    from sightings
    where customer_ref is not null

    union all

    select
        'loyalty_id' as kind,
        loyalty_id as token,
        {{ short_id('c', 'person') }} as customer_id
    from cards

)

select * from final
