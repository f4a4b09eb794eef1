-- What of the revenue to come is left as margin after the known cost to serve: the share that was left of the last 12
-- months, drawn towards everybody's as if some average orders had come on top.
with scores as (

    select * from {{ source('ml', 'lifetime_scores') }}

),

churn as (

    select * from {{ source('ml', 'churn_scores') }}

),

people as (

    select
        customer_id,
        margin_after_service_12m,
        cast(margin_after_service_12m as double) as margin,
        cast(greatest(net_revenue_12m, 0) as double) as revenue,
        net_revenue_12m,
        orders_12m
    from {{ ref('int_customer_value') }}
    where orders_total > 0

),

everybody as (

    select
        cast(sum(margin_after_service_12m) as double) / cast(sum(net_revenue_12m) as double) as margin_share,
        cast(sum(net_revenue_12m) as double) / sum(orders_12m) as order_value
    from people
    where margin_after_service_12m is not null and orders_12m > 0
    having sum(net_revenue_12m) > 0

),

shares as (

    select
        people.customer_id,
        -- empty where a cost is unknown
        (people.margin + {{ var('worth_prior_orders') }} * everybody.order_value * everybody.margin_share)
        / (people.revenue + {{ var('worth_prior_orders') }} * everybody.order_value) as margin_share
    from people
    cross join everybody

),

final as (

    select
        scores.customer_id,
        -- who will buy again has not left: where the models disagree, the one that is judged every night has the word
        case
            when scores.probability_alive is not null
                then greatest(scores.probability_alive, coalesce(1 - churn.churn_probability_90d, 0))
        end as probability_alive,
        scores.expected_orders_12m,
        {{ money('scores.clv_12m_revenue') }} as clv_12m_revenue,
        {{ money('scores.clv_12m_revenue_low') }} as clv_12m_revenue_low,
        {{ money('scores.clv_12m_revenue_high') }} as clv_12m_revenue_high,
        {{ money('scores.clv_12m_revenue * shares.margin_share') }} as clv_12m_margin,
        -- a customer who costs more than they bring costs most where they buy most
        {{ money(
            'least(scores.clv_12m_revenue_low * shares.margin_share, scores.clv_12m_revenue_high * shares.margin_share)'
        ) }} as clv_12m_margin_low,
        {{ money(
            'greatest(scores.clv_12m_revenue_low * shares.margin_share, '
            ~ 'scores.clv_12m_revenue_high * shares.margin_share)'
        ) }} as clv_12m_margin_high
    from scores
    left join shares on scores.customer_id = shares.customer_id
    left join churn on scores.customer_id = churn.customer_id

)

select * from final
