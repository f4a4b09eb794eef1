{{ config(tags=['segments']) }}
-- Tonight's six segments together hold each customer who ever bought, once; who never bought is in none.
with sums as (

    select
        (select count(*) from {{ ref('customers') }} where orders_total > 0) as buyers,
        (select count(*) from {{ ref('customers') }} where segment is not null) as customers_with_segment,
        (
            select count(*) from {{ ref('customers') }}
            where (orders_total > 0) != (segment is not null)
        ) as misplaced,
        (
            select sum(customers) from {{ ref('segment_summary') }}
            where as_of_date = {{ as_of_date() }}
        ) as in_summary,
        (
            select count(*) from {{ ref('segment_history') }}
            where valid_to is null
        ) as running_spells

)

select * from sums
where
    misplaced > 0
    or buyers != customers_with_segment
    or in_summary is distinct from buyers
    or running_spells != buyers
