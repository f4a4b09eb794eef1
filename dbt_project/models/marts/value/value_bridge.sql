-- Why a month brought more or less than the one before it. A month counts once it is over, so that two whole months are
-- compared; the first month is compared with nothing. Who stops buying is missed in the month they stop, but whether
-- they fell dormant or churned is known later only: until then they count as shrunk.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

changes as (

    select * from {{ ref('int_month_changes') }}
    where {{ month_after('month') }} <= {{ day_after(as_of_date()) }}

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
        changes.*,
        {{ days_between('changes.last_ordered_on', "coalesce(changes.next_ordered_on, " ~ as_of_date() ~ ")") }}
            as days_of_silence,
        coalesce(let_go.let_go_since < changes.month, false) as is_let_go
    from changes
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
            when not placed.has_ordered and placed.days_of_silence >= settings.churned_after_days then 'churned'
            when not placed.has_ordered and placed.days_of_silence >= settings.dormant_after_days then 'dormant'
            when placed.net_revenue_change >= 0 then 'grown'
            else 'shrunk'
        end as cause
    from placed
    cross join settings

),

final as (

    select
        month,
        cause,
        count(case when customer_id != '' then 1 end) as customers,
        {{ money('sum(net_revenue_change)') }} as net_revenue_change,
        case when count(margin_change) = count(*) then {{ money('sum(margin_change)') }} end as margin_change
    from explained
    group by month, cause

)

select * from final
