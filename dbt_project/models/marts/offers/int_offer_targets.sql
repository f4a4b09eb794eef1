-- One program a customer a night: near-VIPs are pulled up; those at risk, VIPs among them, are defended.
with customers as (

    select * from {{ ref('customers') }}

),

incentives as (

    select * from {{ ref('incentives') }}

),

segments as (

    select
        customer_id,
        vip_gap_amount
    from {{ ref('int_segments_assigned') }}

),

targets as (

    select
        customers.customer_id,
        customers.as_of_date,
        customers.segment,
        customers.keep_status,
        customers.recency_days,
        customers.median_gap_days,
        customers.average_order_value,
        customers.dormant_unless_order_on,
        customers.dormancy_probability,
        customers.next_order_on,
        customers.vip_gap_widens_on,
        segments.vip_gap_amount,
        case
            when customers.segment = 'near_vip' then 'vip_pull'
            when customers.is_at_risk then 'dormancy_defence'
        end as program,
        {{ day_after(as_of_date()) }} as send_on
    from customers
    inner join segments on customers.customer_id = segments.customer_id
    where
        customers.segment = 'near_vip'
        or (customers.is_at_risk and customers.segment not in ('dormant', 'churned'))

),

final as (

    select
        targets.*,
        incentives.incentive_type,
        {{ money('incentives.incentive_value') }} as incentive_value,
        incentives.channel,
        -- what a basket must come to at full price, so that what is paid after the incentive closes the gap
        cast(case incentives.incentive_type
            when 'percent_off' then ceil(targets.vip_gap_amount * 10000 / (100 - incentives.incentive_value)) / 100
            when 'amount_off' then targets.vip_gap_amount + incentives.incentive_value
            else targets.vip_gap_amount
        end as decimal(18, 2)) as basket_amount_needed
    from targets
    inner join incentives on targets.program = incentives.program

)

select * from final
