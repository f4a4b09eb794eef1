-- Why each dormant or churned customer may have stopped: the setback before their last purchase after which customers
-- stop the most often; unknown where there was none that matters.
with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

stopped as (

    select orders.*
    from {{ ref('int_buying_orders') }} as orders
    cross join settings
    where
        orders.is_last
        and {{ days_between('orders.ordered_on', 'settings.as_of_date') }} >= settings.dormant_after_days

),

setbacks as (

    select * from {{ ref('int_setbacks_before_orders') }}

),

hazards as (

    select * from {{ ref('int_setback_hazards') }}
    where hazard_ratio >= {{ var('cause_least_ratio') }} and stops >= {{ var('cause_least_stops') }}

),

candidates as (

    select
        stopped.customer_id,
        setbacks.cause,
        setbacks.setbacks,
        setbacks.last_on,
        hazards.hazard_ratio,
        row_number() over (
            partition by stopped.customer_id order by hazards.hazard_ratio desc, setbacks.last_on desc, setbacks.cause
        ) as place
    from stopped
    inner join setbacks on stopped.order_id = setbacks.order_id
    inner join hazards
        on setbacks.cause = hazards.cause and setbacks.setbacks_up_to_3 = hazards.setbacks_up_to_3

),

final as (

    select
        stopped.customer_id,
        coalesce(candidates.cause, 'unknown') as cause,
        case candidates.cause
            when 'service' then {{ counted('candidates.setbacks', 'contact') }} || ' rated badly or left unresolved'
            when 'product' then {{ counted('candidates.setbacks', 'faulty product') }} || ' returned'
            when 'price'
                then {{ counted('candidates.setbacks', 'usual product') }} || ' sharply dearer than the time before'
            when 'stock_out'
                then {{ counted('candidates.setbacks', 'usual product') }} || ' out of stock when they came'
            when 'category_exit' then 'their main category was missing from their last orders'
            when 'moved_channel' then 'their last orders came through another channel than all before'
            else 'nothing that matters landed in the {{ var("cause_window_days") }} days before the last purchase'
        end
        || coalesce(
            ', last on ' || candidates.last_on
            || '; customers stop ' || round(candidates.hazard_ratio, 1) || ' times as often after that',
            ''
        ) as evidence,
        case
            when candidates.hazard_ratio >= 3 then 'high'
            when candidates.hazard_ratio >= 2 then 'medium'
            else 'low'
        end as confidence,
        stopped.ordered_on as last_order_on,
        candidates.hazard_ratio
    from stopped
    left join candidates on stopped.customer_id = candidates.customer_id and candidates.place = 1

)

select * from final
