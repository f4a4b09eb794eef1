with judged as (

    select * from {{ ref('int_offers_judged') }}

),

final as (

    select
        offer_id,
        customer_id,
        as_of_date,
        segment,
        program,
        product_id,
        incentive_type,
        incentive_value,
        cost,
        -- unknown until outcomes of earlier offers have been measured
        cast(null as decimal(18, 2)) as expected_incremental_margin,
        send_on,
        expires_on,
        channel,
        arm,
        reason,
        sooner_days
    from judged
    where rejection is null

)

select * from final
