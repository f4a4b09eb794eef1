-- Why a month brought more or less than the one before it. A month counts once it is over, so that two whole months are
-- compared; the first month is compared with nothing. Who stops buying is missed in the month they stop, but whether they
-- fell dormant or churned is known later only: until then they count as shrunk.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

months as (

    select * from {{ ref('int_customer_months') }}

),

beside as (

    select
        customer_id,
        month,
        net_revenue,
        gross_margin,
        cast(0 as decimal(18, 2)) as net_revenue_before,
        cast(0 as decimal(18, 2)) as gross_margin_before
    from months
    union all
    select
        customer_id,
        cast(month + interval 1 month as date) as month,
        cast(0 as decimal(18, 2)) as net_revenue,
        cast(0 as decimal(18, 2)) as gross_margin,
        net_revenue as net_revenue_before,
        gross_margin as gross_margin_before
    from months

),

changes as (

    select
        customer_id,
        month,
        {{ money('sum(net_revenue) - sum(net_revenue_before)') }} as net_revenue_change,
        -- unknown where a margin of either month is
        case
            when count(gross_margin) = count(*) and count(gross_margin_before) = count(*)
                then {{ money('sum(gross_margin) - sum(gross_margin_before)') }}
        end as margin_change
    from beside
    where cast(month + interval 1 month as date) <= {{ as_of_date() }} + 1
    group by customer_id, month

),

purchases as (

    select
        customer_id,
        month,
        last_ordered_on,
        first_ordered_on - lag(last_ordered_on) over by_customer as days_since_order_before,
        coalesce(lead(first_ordered_on) over by_customer, {{ as_of_date() }}) - last_ordered_on as days_of_silence,
        row_number() over by_customer = 1 as is_new
    from months
    where orders > 0
    window by_customer as (partition by customer_id order by month)

),

let_go as (

    select
        customer_id,
        let_go_since
    from {{ ref('customers') }}
    where let_go_since is not null

),

placed as (

    select
        changes.customer_id,
        changes.net_revenue_change,
        changes.margin_change,
        changes.month,
        changes.month is not distinct from purchases.month as has_ordered,
        coalesce(purchases.is_new, false) as is_new,
        purchases.days_since_order_before,
        max(purchases.last_ordered_on) over (partition by changes.customer_id order by changes.month)
            as last_ordered_on,
        coalesce(let_go.let_go_since < changes.month, false) as is_let_go
    from changes
    left join purchases on changes.customer_id = purchases.customer_id and changes.month = purchases.month
    left join let_go on changes.customer_id = let_go.customer_id

),

explained as (

    select
        placed.*,
        case
            when placed.customer_id = '' and placed.net_revenue_change >= 0 then 'grown'
            when placed.customer_id = '' then 'shrunk'
            when placed.is_new then 'new'
            when placed.is_let_go and placed.net_revenue_change < 0 then 'let_go'
            when placed.days_since_order_before >= settings.dormant_after_days then 'reactivated'
            when not placed.has_ordered and silences.days_of_silence >= settings.churned_after_days then 'churned'
            when not placed.has_ordered and silences.days_of_silence >= settings.dormant_after_days then 'dormant'
            when placed.net_revenue_change >= 0 then 'grown'
            else 'shrunk'
        end as cause
    from placed
    cross join settings
    left join purchases as silences
        on placed.customer_id = silences.customer_id and placed.last_ordered_on = silences.last_ordered_on

),

final as (

    select
        month,
        cause,
        count(*) filter (where customer_id != '') as customers,
        {{ money('sum(net_revenue_change)') }} as net_revenue_change,
        case when count(margin_change) = count(*) then {{ money('sum(margin_change)') }} end as margin_change
    from explained
    group by month, cause

)

select * from final
