-- A cost holds from its drop's day to the next known one's; the first one known holds for the time before it, too.
with source as (

    select * from {{ source('sales', 'sales_products') }}

),

known as (

    select
        product_id,
        unit_cost,
        _drop_on as told_on,
        row_number() over by_product as place,
        lead(_drop_on) over by_product as next_told_on
    from source
    where unit_cost is not null and _drop_on <= {{ as_of_date() }}
    window by_product as (partition by product_id order by _drop_on)

),

renamed as (

    select
        product_id,
        unit_cost,
        case when place = 1 then cast('0001-01-01' as date) else told_on end as valid_from,
        coalesce(next_told_on, cast('9999-12-31' as date)) as valid_before
    from known

)

select * from renamed
