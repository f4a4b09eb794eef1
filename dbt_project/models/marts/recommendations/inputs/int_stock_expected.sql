-- What is known of each product's stock from tomorrow on, by its latest snapshot. One too old says nothing.
with stock as (

    select * from {{ ref('stg_sales__stock') }}
    where snapshot_on > {{ days_after(as_of_date(), '-' ~ var('stock_known_days')) }}

),

products as (

    select * from {{ ref('products') }}

),

latest as (

    select
        product_id,
        max(snapshot_on) as snapshot_on,
        {{ last_by('on_hand', 'snapshot_on') }} as on_hand,
        {{ last_by('on_order', 'snapshot_on') }} as on_order,
        {{ last_by('lead_time_days', 'snapshot_on') }} as lead_time_days
    from stock
    group by product_id

),

demand as (

    select
        product_id,
        units_12m / least(365, {{ days_between('first_sold_on', as_of_date()) }} + 1) as units_a_day
    from products
    where units_12m > 0

),

expected as (

    select
        latest.*,
        demand.units_a_day,
        latest.on_order > 0 and latest.lead_time_days is not null as is_coming
    from latest
    left join demand on latest.product_id = demand.product_id

),

final as (

    select
        product_id,
        snapshot_on,
        on_hand,
        case
            when on_hand > 0 then {{ day_after(as_of_date()) }}
            when is_coming
                then greatest({{ days_after('snapshot_on', 'lead_time_days') }}, {{ day_after(as_of_date()) }})
        end as available_from,
        -- what is on its way, or hardly sells, does not run out
        case
            when on_hand > 0 and not coalesce(is_coming, false) and units_a_day > on_hand / 3650.0
                then {{ days_after(as_of_date(), 'ceil(on_hand / units_a_day)') }}
        end as available_until
    from expected

)

select * from final
