-- Whose spells tonight writes: whoever is in another segment, tier or state than the night before left them in, and all
-- about whom tonight's first run, or a later night, has written something already.
{%- set history = previous_relation('marts', 'segment_history') %}
{%- set decisions = previous_relation('marts', 'int_decision_spells') %}
with assigned as (

    select * from {{ ref('int_segments_assigned') }}

),

judged as (

    select * from {{ ref('int_customers_judged') }}

),

remembered as (

    select * from {{ ref('int_segments_remembered') }}
    where valid_to is null

),

decisions_remembered as (

    select * from {{ ref('int_decisions_remembered') }}
    where valid_to is null

),

tonight as (

    select
        assigned.customer_id,
        assigned.segment,
        assigned.tier,
        assigned.is_at_risk,
        judged.let_go_since
    from assigned
    inner join judged on assigned.customer_id = judged.customer_id

),

moved as (

    select coalesce(tonight.customer_id, remembered.customer_id, decisions_remembered.customer_id) as customer_id
    from tonight
    full outer join remembered on tonight.customer_id = remembered.customer_id
    full outer join decisions_remembered
        on coalesce(tonight.customer_id, remembered.customer_id) = decisions_remembered.customer_id
    where
        tonight.segment is distinct from remembered.segment
        or tonight.tier is distinct from remembered.tier
        or coalesce(tonight.is_at_risk, false) != coalesce(decisions_remembered.is_at_risk, false)
        or tonight.let_go_since is distinct from decisions_remembered.let_go_since

),

final as (

    select customer_id from moved
{% for earlier in [history, decisions] %}
{% if earlier %}
    union
    select customer_id from {{ earlier }}
    where valid_from >= {{ as_of_date() }} or {{ day_after('valid_to') }} >= {{ as_of_date() }}
{% endif %}
{% endfor %}

)

select * from final
