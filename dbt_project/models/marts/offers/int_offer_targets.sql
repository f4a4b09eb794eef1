-- One program a customer a night: near-VIPs are pulled up; those at risk, VIPs among them, are defended.
with customers as (

    select * from {{ ref('customers') }}

),

segments as (

    select
        customer_id,
        vip_gap_amount
    from {{ ref('int_segments_assigned') }}

),

final as (

    select
        customers.*,
        segments.vip_gap_amount,
        case
            when customers.segment = 'near_vip' then 'vip_pull'
            when customers.is_at_risk then 'dormancy_defence'
        end as program,
        {{ as_of_date() }} + 1 as send_on
    from customers
    inner join segments on customers.customer_id = segments.customer_id
    where
        customers.segment = 'near_vip'
        -- an offer that arrives on the day of dormancy comes too late
        or (customers.is_at_risk and customers.dormancy_on > {{ as_of_date() }} + 1)

)

select * from final
