{{ config(tags=['segments']) }}
-- Tonight's six segments together hold each customer who ever bought, once; who never bought is in none.
with customers as (

    select
        count(case when orders_total > 0 then 1 end) as buyers,
        count(case when (orders_total > 0) != (segment is not null) then 1 end) as misplaced
    from {{ ref('customers') }}

),

summary as (

    select coalesce(sum(customers), 0) as in_summary from {{ ref('segment_summary') }}
    where as_of_date = {{ as_of_date() }}

),

history as (

    select count(*) as running_spells from {{ ref('segment_history') }}
    where valid_to is null

)

select
    customers.buyers,
    customers.misplaced,
    summary.in_summary,
    history.running_spells
from customers
cross join summary
cross join history
where
    customers.misplaced > 0
    or summary.in_summary != customers.buyers
    or history.running_spells != customers.buyers
