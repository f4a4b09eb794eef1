-- Who was sent an offer of the program between the pattern and falling dormant, beside who was chosen for one and sent
-- nothing. The lower end of the 95 % interval of the difference tells whether it works on them (Wald's, two shares).
with cases as (

    select * from {{ ref('int_pattern_cases') }}

),

identifiers as (

    select * from {{ ref('int_identifiers_resolved') }}

),

exposures as (

    select
        exposures.offer_id,
        exposures.program,
        exposures.arm,
        cast(exposures.sent_at as date) as sent_on,
        coalesce(cards.customer_id, accounts.customer_id) as customer_id
    from {{ ref('stg_loyalty__exposures') }} as exposures
    left join identifiers as cards on cards.kind = 'loyalty_id' and exposures.loyalty_id = cards.token
    left join identifiers as accounts on accounts.kind = 'customer_ref' and exposures.customer_ref = accounts.token
    where exposures.program is not null

),

offered as (

    select
        cases.sign,
        cases.sign_2,
        exposures.program,
        exposures.arm,
        exposures.offer_id,
        min(case when cases.has_left then 0 else 1 end) as has_stayed
    from cases
    inner join exposures
        on
            cases.customer_id = exposures.customer_id
            and cases.seen_on <= exposures.sent_on
            and cases.dormant_on >= exposures.sent_on
    group by cases.sign, cases.sign_2, exposures.program, exposures.arm, exposures.offer_id

),

counted as (

    select
        sign,
        sign_2,
        program,
        sum(case when arm = 'treatment' then 1 else 0 end) as treated,
        sum(case when arm = 'control' then 1 else 0 end) as control,
        avg(case when arm = 'treatment' then cast(has_stayed as double) end) as treated_share,
        avg(case when arm = 'control' then cast(has_stayed as double) end) as control_share
    from offered
    group by sign, sign_2, program

),

final as (

    select
        sign,
        sign_2,
        program,
        treated,
        control,
        round(treated_share - control_share, 4) as gain,
        round(treated_share - control_share - 1.96 * sqrt(
            treated_share * (1 - treated_share) / treated + control_share * (1 - control_share) / control
        ), 4) as gain_low
    from counted
    where treated >= {{ var('pattern_least_customers') }} and control >= {{ var('pattern_least_customers') }}

)

select * from final
