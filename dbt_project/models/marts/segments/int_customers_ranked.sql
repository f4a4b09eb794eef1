-- Where each buyer stands among all buyers.
with buyers as (

    select
        *,
        coalesce(margin_after_service_12m, net_revenue_12m) as value_12m
    from {{ ref('int_customer_value') }}
    where orders_total > 0

),

ranked as (

    select
        customer_id,
        cast(ceil(5 * cume_dist() over (order by last_order_on)) as integer) as r_score,
        cast(ceil(5 * cume_dist() over (order by orders_12m)) as integer) as f_score,
        cast(ceil(5 * cume_dist() over (order by net_revenue_12m)) as integer) as m_score,
        value_12m,
        row_number() over (order by value_12m desc, customer_id) / cast(count(*) over () as double) as value_place
    from buyers

),

bands as (

    select
        ranked.customer_id,
        {{ first_by('bands.value_band', 'bands.up_to_share') }} as value_band
    from ranked
    inner join {{ ref('value_bands') }} as bands on ranked.value_place <= bands.up_to_share
    group by ranked.customer_id

),

final as (

    select
        ranked.customer_id,
        ranked.r_score,
        ranked.f_score,
        ranked.m_score,
        ranked.value_12m,
        case when ranked.value_12m < 0 then 'negative' else bands.value_band end as value_band
    from ranked
    inner join bands on ranked.customer_id = bands.customer_id

)

select * from final
