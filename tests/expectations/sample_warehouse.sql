-- A tiny warehouse of the night of 2020-06-30 that passes every gate.
create schema seeds;
create schema raw;
create schema staging;
create schema identity;
create schema intermediate;
create schema marts;
create schema features;
create schema ml;

create table raw.files as
select 'sales' as source, 'orders' as entity, date '2020-06-30' as drop_on, 'sales/orders/a.csv' as file,
    8 as rows_read, 6 as rows_loaded, 1 as rows_repeated, 1 as rows_quarantined, 0 as rows_waiting, 'loaded' as status,
    null::varchar as message, 'run' as run_id;

create table staging.stg_sales__orders as
select * from (values
    ('O1', timestamp '2020-06-01 10:00:00', 'completed'),
    ('O2', timestamp '2020-06-20 10:00:00', 'completed'),
    ('O3', timestamp '2020-03-01 10:00:00', 'completed'),
    ('O4', timestamp '2019-01-01 10:00:00', 'completed'),
    ('O5', timestamp '2020-06-25 10:00:00', 'completed'),
    ('O6', timestamp '2020-06-30 10:00:00', 'cancelled')
) as t(order_id, ordered_at, status);

create table staging.stg_sales__order_lines as
select *, round(quantity * unit_price, 2)::decimal(18, 2) as gross_amount from (values
    ('O1', '1', 'P1', 2.000, 10.00000000, 1.00),
    ('O1', '2', 'P2', 1.000, 6.00000000, 0.00),
    ('O2', '1', 'P1', 50.000, 10.00000000, 0.00),
    ('O3', '1', 'P2', 1.000, 6.00000000, 0.00),
    ('O4', '1', 'P1', 1.000, 10.00000000, 0.00),
    ('O5', '1', 'P1', 8.000, 10.00000000, 0.00),
    ('O6', '1', 'P1', 1.000, 10.00000000, 0.00)
) as t(order_id, line_no, product_id, quantity, unit_price, discount_amount);

create table staging.stg_sales__products as
select * from (values ('P1', true), ('P2', true), ('BAG', false)) as t(product_id, is_merchandise);

create table staging.stg_sales__returns as
select 'R1' as return_id, 'O1' as order_id, 'P2' as product_id, timestamp '2020-06-05 09:00:00' as returned_at,
    1.000 as quantity, 6.00 as refund_amount;

create table staging.stg_loyalty__exposures as
select 'E1' as offer_id, timestamp '2020-05-05 09:00:00' as sent_at, 'treatment' as arm;

create table staging.stg_loyalty__points as
select 'B1' as entry_id, timestamp '2020-06-20 09:00:00' as occurred_at, 500 as points;

create table staging.stg_loyalty__redemptions as
select 'D1' as redemption_id, timestamp '2020-05-06 09:00:00' as redeemed_at;

create table staging.stg_support__contacts as
select 'T1' as contact_id, timestamp '2020-06-02 09:00:00' as opened_at;

create table raw.sales_orders as
select *, date '2020-06-30' as _drop_on, 'sales/orders/a.csv' as _file, null::date as _superseded_on
from staging.stg_sales__orders;

create table raw.sales_order_lines as
select * exclude (gross_amount), date '2020-06-30' as _drop_on, 'sales/order_lines/a.csv' as _file,
    null::date as _superseded_on
from staging.stg_sales__order_lines;

create table raw.sales_returns as
select *, date '2020-06-30' as _drop_on, 'sales/returns/a.csv' as _file, null::date as _superseded_on
from staging.stg_sales__returns;

create table marts.buyers as
select * from (values ('O1', 'regular'), ('O2', 'vip'), ('O3', 'dormant'), ('O4', 'churned'), ('O5', 'near'))
    as c(order_id, customer_id);

create table marts.order_lines as
select l.order_id, l.line_no, c.customer_id, o.ordered_at::date as ordered_on, l.product_id, true as is_merchandise, l.quantity,
    l.unit_price, round(l.quantity * l.unit_price, 2)::decimal(18, 2) as gross_amount,
    l.discount_amount::decimal(18, 2) as discount_amount,
    (round(l.quantity * l.unit_price, 2) - l.discount_amount)::decimal(18, 2) as net_sales
from staging.stg_sales__order_lines as l join staging.stg_sales__orders as o using (order_id)
left join marts.buyers as c using (order_id)
where o.status = 'completed';

create table marts.orders as
select o.order_id, c.customer_id, o.ordered_at, o.ordered_at::date as ordered_on, o.status,
    coalesce(l.lines, 0) as lines, coalesce(l.gross_amount, 0)::decimal(18, 2) as gross_amount,
    coalesce(l.discount_amount, 0)::decimal(18, 2) as discount_amount,
    coalesce(l.net_sales, 0)::decimal(18, 2) as net_sales, r.refund_amount,
    (coalesce(l.net_sales, 0) - r.refund_amount)::decimal(18, 2) as net_revenue, c.customer_id is null as is_guest
from staging.stg_sales__orders as o
left join (
    select order_id, count(*) as lines, sum(gross_amount) as gross_amount, sum(discount_amount) as discount_amount,
        sum(net_sales) as net_sales
    from marts.order_lines group by order_id
) as l using (order_id)
left join marts.buyers as c using (order_id)
join (select order_id, (case when order_id = 'O1' then 6 else 0 end)::decimal(18, 2) as refund_amount
    from staging.stg_sales__orders) as r using (order_id);

create table marts.products as select *, true as is_active from staging.stg_sales__products;

create table marts.returns as
select r.return_id, r.order_id, c.customer_id, r.product_id, r.returned_at, r.returned_at::date as returned_on,
    r.quantity, r.refund_amount
from staging.stg_sales__returns as r left join marts.buyers as c using (order_id);

create table marts.interactions as
select *, null::varchar as product_id, null::varchar as detail from (
select customer_id, ordered_at as occurred_at, 'order' as kind, 'sales' as source, order_id as reference_id,
    net_sales as amount
from marts.orders where status = 'completed'
union all
select customer_id, returned_at, 'return', 'sales', return_id, -refund_amount from marts.returns
union all
select 'regular', opened_at, 'support', 'support', contact_id, null from staging.stg_support__contacts
union all
select 'member', occurred_at, 'points', 'loyalty', entry_id, points from staging.stg_loyalty__points
union all
select 'vip', sent_at, 'exposure', 'loyalty', offer_id, null from staging.stg_loyalty__exposures
union all
select 'vip', redeemed_at, 'redemption', 'loyalty', redemption_id, null from staging.stg_loyalty__redemptions
);

create table identity.identifiers as
select 'customer_ref' as kind, 't' || row_number() over (order by customer_id) as token, customer_id, 1 as sightings
from (select distinct customer_id from marts.orders where customer_id is not null);

create table marts.customer_aliases as
select 'former' as old_customer_id, min(customer_id) as customer_id, date '2020-06-30' as since
from identity.identifiers;

create table seeds.segments as
select unnest(['churned', 'dormant', 'vip', 'near_vip', 'at_risk', 'regular']) as segment, unnest(range(1, 7)) as place;

create table intermediate.int_settings_resolved as select 90 as dormant_after_days, 180 as churned_after_days;

create table intermediate.int_tiers_resolved as
select * from (values ('standard', 0.00, false), ('vip', 100.00, true)) as t(tier, threshold_amount, is_top);

create table features.training_features as
select d.as_of_date, 'regular' as customer_id,
    d.as_of_date - date '2020-01-01' as recency_days, d.as_of_date - date '2019-12-01' as tenure_days,
    2 as orders_total, 0.1::double as discount_share, 0.2::double as return_share,
    case when d.as_of_date + 30 <= date '2020-06-30' then true end as has_lapsed_30d,
    case when d.as_of_date + 60 <= date '2020-06-30' then true end as has_lapsed_60d,
    case when d.as_of_date + 90 <= date '2020-06-30' then true end as has_lapsed_90d,
    case when d.as_of_date + 180 <= date '2020-06-30' then true end as has_lapsed_180d
from (values (date '2020-06-29'), (date '2020-05-31'), (date '2020-05-01')) as d(as_of_date);

create table features.customer_features as
select date '2020-06-30' as as_of_date, 'regular' as customer_id, 181 as recency_days, 212 as tenure_days,
    2 as orders_total, 0.1::double as discount_share, 0.2::double as return_share;

create table ml.churn_scores as
select 'regular' as customer_id, date '2020-06-30' as as_of_date, 0.8::double as churn_probability_30d,
    0.6::double as churn_probability_60d, 0.4::double as churn_probability_90d,
    0.2::double as churn_probability_180d, 0.3::double as dormancy_probability;

create table ml.lifetime_scores as
select distinct customer_id, date '2020-06-30' as as_of_date, 0.9::double as probability_alive,
    4.0::double as expected_orders_12m, 40.0::double as clv_12m_revenue, 10.0::double as clv_12m_revenue_low,
    90.0::double as clv_12m_revenue_high
from marts.orders where customer_id is not null;

create table ml.timing_scores as
select customer_id, as_of_date, date '2020-07-10' as next_order_on, date '2020-07-05' as next_order_on_low50,
    date '2020-07-15' as next_order_on_high50, date '2020-07-02' as next_order_on_low80,
    date '2020-07-30' as next_order_on_high80, date '2020-08-30' as dormancy_on_low, date '2020-10-30' as dormancy_on,
    null::date as dormancy_on_high, 9::bigint as offer_days
from ml.lifetime_scores;

create table seeds.high_auc_allowed as
select * from (values ('churn_30d', ' '), ('dormancy', 'a subscription: who leaves says so')) as t(model, reason);

create table ml.customer_reasons as
select 'regular' as customer_id, unnest([1, 2]) as rank, unnest(['overdue', 'visits']) as reason_code,
    unnest(['raises', 'lowers']) as direction, unnest([0.5, -0.25]::double[]) as contribution, 9.0::double as value,
    5.0::double as peer_value, 'Last bought 9 days ago; usual is 5 days. That speaks for leaving.' as sentence;

create table ml.prediction_ledger as
select 'churn_30d' as model, date '2020-05-01' as predicted_on, 30::bigint as horizon_days, 'regular' as customer_id,
    0.4::double as predicted, 1.0::double as outcome;

create table ml.basket_rules as
select 'product' as level, 'product' as item_kind, 'P1' as antecedent, null::varchar as antecedent_2, 'P2' as consequent,
    10 as baskets, 0.1::double as support, 0.5::double as confidence, 1.5::double as lift, 1.2::double as lift_low95,
    1.9::double as lift_high95, 0.01::double as p_value, 1.4::double as holdout_lift, 7 as customers;

create table ml.model_cards as
select 'churn_30d' as model, 'v1' as version, 'auc' as metric, 0.8::double as value, 'recency' as baseline,
    'live' as status;

create table marts.customers as
select customer_id, date '2020-06-30' as as_of_date, segment, recency_days, orders_total,
    (orders_total > 0 and recency_days < 366)::int as orders_12m,
    (case when customer_id = 'churned' then 10 else net_revenue_12m end)::decimal(18, 2) as net_revenue_total,
    null::decimal(18, 2) as gross_margin_12m, net_revenue_12m::decimal(18, 2) as net_revenue_12m, average_order_value::decimal(18, 2) as average_order_value, tier,
    0.5::double as churn_probability_30d, 0.4::double as churn_probability_60d, 0.3::double as churn_probability_90d,
    0.2::double as churn_probability_180d, 0.1::double as return_share, 0.9::double as full_price_share,
    dormant_unless_order_on, dormant_unless_order_on as dormancy_on, dormant_unless_order_on as dormancy_on_low,
    null::date as dormancy_on_high,
    case when recency_days < 90 then dormant_unless_order_on - 9 end as contact_before,
    case when recency_days < 90 then date '2020-07-10' end as next_order_on
from (values
    ('regular', 'regular', 29, 1, 19.00, 19.00, 'standard', date '2020-08-30'),
    ('vip', 'vip', 10, 1, 500.00, 500.00, 'vip', date '2020-09-18'),
    ('near', 'near_vip', 5, 1, 80.00, 80.00, 'standard', date '2020-09-23'),
    ('dormant', 'dormant', 121, 1, 6.00, 6.00, 'standard', date '2020-05-30'),
    ('churned', 'churned', 546, 1, 0.00, 10.00, 'standard', date '2019-04-01'),
    ('member', null, null, 0, 0.00, null, null, null)
) as t(customer_id, segment, recency_days, orders_total, net_revenue_12m, average_order_value, tier, dormant_unless_order_on);

create table staging.stg_sales__stock as
select * from (values ('P1', date '2020-06-29', 0, 5), ('P1', date '2020-06-30', 9, 0), ('P2', date '2020-06-30', 0, 12))
    as t(product_id, snapshot_on, on_hand, on_order);

create table marts.int_products_bought as
select customer_id, product_id, count(distinct order_id) as orders from marts.order_lines
where customer_id is not null group by all;

create table marts.int_products_durable as select 'P2' as product_id, 'Kettles' as kind;

create table marts.recommendations as
select *, date '2020-07-01' as expected_on from (values
    ('vip', 1, 'P1', 'repeat', 0.9::double, 'Bought once, on 2020-06-20.', true, null::varchar, null::varchar),
    ('vip', 2, 'P2', 'complement', 0.2::double, 'Goes with P1.', true, 'P1', null),
    ('member', 1, 'P1', 'explore', 0.5::double, 'New to them.', null, null, null)
) as t(customer_id, rank, product_id, kind, score, reason, in_stock, because_of, because_of_2);

create table marts.segment_summary as
select date '2020-06-30' as as_of_date, segment, count(c.customer_id) as customers,
    sum(c.orders_12m) as orders_12m, sum(c.net_revenue_12m) as net_revenue_12m,
    sum(c.gross_margin_12m) as gross_margin_12m
from (values ('vip'), ('near_vip'), ('regular'), ('at_risk'), ('dormant'), ('churned')) as s(segment)
left join marts.customers as c using (segment)
group by segment;

create table marts.segment_history as
select 'near' as customer_id, 'regular' as segment, 'standard' as tier, date '2020-06-28' as valid_from,
    date '2020-06-29' as valid_to
union all
select customer_id, segment, tier, date '2020-06-30', null from marts.customers where segment is not null;

create table marts.segment_transitions as
select date '2020-06-01' as month, 'regular' as from_segment, 'near_vip' as to_segment, 1 as customers;

create table marts.offers as
select * from (values
    ('F1', 'near', 'near_vip', 'vip_pull', date '2020-07-14', 'treatment', '2 likely products come to 20 and close the gap.'),
    ('F2', 'regular', 'regular', 'dormancy_defence', date '2020-07-14', 'control', 'falls dormant on 2020-08-30')
) as t(offer_id, customer_id, segment, program, expires_on, arm, reason),
    (select date '2020-06-30' as as_of_date, date '2020-07-01' as send_on, 5.00 as incentive_value, 1.00 as cost);

create table marts.offer_products as
select * from (values ('F1', 1, 'P1', 14.00), ('F1', 2, 'P2', 6.00), ('F2', 1, 'P1', 10.00))
    as t(offer_id, position, product_id, expected_price);

create table marts.value_bridge as
with monthly as (
    select date_trunc('month', ordered_on)::date as month, net_sales as amount from marts.orders where status = 'completed'
    union all
    select date_trunc('month', returned_on)::date, -refund_amount from marts.returns
),
beside as (
    select month, amount from monthly
    union all
    select (month + interval 1 month)::date, -amount from monthly
)
select month, 'grown' as cause, 1 as customers, sum(amount) as net_revenue_change, null::decimal(18, 2) as margin_change
from beside where month < date '2020-07-01' group by month;

create table marts.churn_patterns as
select
    'service' as pattern, 'They were served badly.' as description, 40 as customers, 0.5 as churned_share, 0.25 as base_share,
    2.0 as lift, 0.4 as holdout_churned_share, 0.2 as holdout_base_share, 20 as median_days_of_warning,
    null::varchar as best_offer_program;

create table marts.churn_causes as
select customer_id, 'unknown' as cause, 'nothing' as evidence, 'low' as confidence
from marts.customers where segment in ('dormant', 'churned');
