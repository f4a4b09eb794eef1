{{ config(tags=['segments']) }}
-- A customer's spells follow each other day by day, and only the last of them is still running.
with spells as (

    select
        customer_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by customer_id order by valid_from) as next_from
    from {{ ref('segment_history') }}

)

select * from spells
where
    valid_to < valid_from
    or (next_from is not null and valid_to is distinct from {{ day_before('next_from') }})
