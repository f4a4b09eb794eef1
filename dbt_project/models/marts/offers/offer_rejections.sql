with judged as (

    select * from {{ ref('int_offers_judged') }}

),

final as (

    select
        customer_id,
        program,
        product_id,
        rejection as reason,
        case rejection
            when 'no_consent' then 'no consent to marketing by ' || channel
            when 'capped' then 'was sent an offer on ' || sent_on
            when 'let_go' then 'costs more than it brings; see keep_reason'
            when 'low_value' then 'falls dormant before an offer could arrive'
            when 'over_budget' then 'tonight''s budget was spent on more urgent offers'
        end as detail
    from judged
    where rejection is not null

)

select * from final
