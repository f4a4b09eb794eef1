with remembered as (

    select * from {{ ref('int_segments_remembered') }}

),

tonight as (

    select
        customer_id,
        segment,
        tier
    from {{ ref('int_segments_assigned') }}

),

unchanged as (

    select tonight.customer_id
    from tonight
    inner join remembered
        on
            tonight.customer_id = remembered.customer_id
            and remembered.valid_to is null
            and tonight.segment = remembered.segment
            and tonight.tier = remembered.tier

),

earlier as (

    select
        customer_id,
        segment,
        tier,
        valid_from,
        case
            when valid_to is null and customer_id not in (select customer_id from unchanged) then {{ as_of_date() }} - 1
            else valid_to
        end as valid_to
    from remembered

),

begun as (

    select
        customer_id,
        segment,
        tier,
        {{ as_of_date() }} as valid_from,
        cast(null as date) as valid_to
    from tonight
    where customer_id not in (select customer_id from unchanged)

),

final as (

    select * from earlier
    union all
    select * from begun

)

select * from final
