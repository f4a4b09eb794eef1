-- Who went from where to where: each spell that begins in another segment than the one it follows. Another tier alone
-- is another spell, but no move.
with spells as (

    select
        customer_id,
        segment,
        valid_from,
        valid_to
    from {{ ref('segment_history') }}

),

moves as (

    select
        latter.customer_id,
        former.segment as from_segment,
        latter.segment as to_segment,
        {{ month_of('latter.valid_from') }} as month
    from spells as latter
    inner join spells as former
        on latter.customer_id = former.customer_id and latter.valid_from = {{ day_after('former.valid_to') }}
    where latter.segment != former.segment

),

final as (

    select
        month,
        from_segment,
        to_segment,
        count(distinct customer_id) as customers
    from moves
    group by month, from_segment, to_segment

)

select * from final
