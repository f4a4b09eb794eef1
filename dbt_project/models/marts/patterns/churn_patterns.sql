-- Listed is what teaches something, and holds: more customers left after it than of those who buy as often, by more
-- than chance (95 %) in the earlier period and again in the latest one; of two signs only what neither tells alone.
-- Chance passes both bars once in 1,600 times; some 80 patterns are tried.
with cases as (

    select * from {{ ref('int_pattern_cases') }}

),

signs as (

    select * from {{ ref('churn_signs') }}

),

counted as (

    select
        sign,
        sign_2,
        sum(case when is_holdout then 0 else 1 end) as customers,
        avg(case when not is_holdout then cast(has_left as integer) end) as churned_share,
        -- rounded, since sums of fractions depend on the order in which threads add them
        round(avg(case when not is_holdout then usual_share end), 6) as base_share,
        sum(case when is_holdout then 1 else 0 end) as judged,
        avg(case when is_holdout then cast(has_left as integer) end) as holdout_churned_share,
        round(avg(case when is_holdout then usual_share end), 6) as holdout_base_share,
        {{ median("case when has_left then " ~ days_between('seen_on', 'dormant_on') ~ " end") }}
            as median_days_of_warning
    from cases
    group by sign, sign_2

),

bounded as (

    select
        *,
        {{ share_low('churned_share', 'customers', 1.96) }} as churned_share_low,
        {{ share_low('holdout_churned_share', 'judged', 1.96) }} as holdout_churned_share_low
    from counted
    where customers >= {{ var('pattern_least_customers') }} and judged >= {{ var('pattern_least_customers') }}

),

holding as (

    select
        bounded.*,
        greatest(coalesce(one.churned_share, 0), coalesce(other.churned_share, 0)) as share_of_parts
    from bounded
    left join counted as one
        on bounded.sign_2 is not null and bounded.sign = one.sign and one.sign_2 is null
    left join counted as other
        on bounded.sign_2 is not null and bounded.sign_2 = other.sign and other.sign_2 is null
    where
        bounded.churned_share_low > bounded.base_share
        and bounded.holdout_churned_share_low > bounded.holdout_base_share

),

ranked as (

    select
        *,
        row_number() over (
            order by churned_share / base_share desc, customers desc, sign, coalesce(sign_2, '')
        ) as place
    from holding
    where churned_share >= {{ var('pattern_least_gain') }} * share_of_parts

),

programs as (

    select
        sign,
        sign_2,
        {{ first_by('program', '(-gain, program)') }} as best_offer_program
    from {{ ref('int_pattern_offers') }}
    where gain_low > 0
    group by sign, sign_2

),

final as (

    select
        ranked.sign || coalesce(' + ' || ranked.sign_2, '') as pattern,
        'They ' || signs.description || coalesce(', and they ' || other_signs.description, '') || '.' as description,
        cast(ranked.customers as bigint) as customers,
        round(ranked.churned_share, 4) as churned_share,
        round(ranked.base_share, 4) as base_share,
        round(ranked.churned_share / ranked.base_share, 4) as lift,
        round(ranked.holdout_churned_share, 4) as holdout_churned_share,
        round(ranked.holdout_base_share, 4) as holdout_base_share,
        cast(round(ranked.median_days_of_warning) as bigint) as median_days_of_warning,
        programs.best_offer_program
    from ranked
    inner join signs on ranked.sign = signs.sign
    left join signs as other_signs on ranked.sign_2 = other_signs.sign
    left join programs
        on ranked.sign = programs.sign and coalesce(ranked.sign_2, '') = coalesce(programs.sign_2, '')
    where ranked.place <= {{ var('pattern_most') }}

)

select * from final
