-- Who may get tonight's offer, and why not. The first reason that holds is given.
with offers as (

    select * from {{ ref('int_offers_priced') }}

),

settings as (

    select * from {{ ref('int_settings_resolved') }}

),

consents as (

    select
        identifiers.customer_id,
        consents.channel,
        -- of two answers given at the same time the refusal counts
        {{ last_by(
            'consents.granted and (consents.expires_at is null or cast(consents.expires_at as date) > '
            ~ day_after(as_of_date()) ~ ')',
            '(consents.changed_at, not consents.granted)'
        ) }} as is_granted
    from {{ ref('stg_loyalty__consents') }} as consents
    inner join {{ ref('int_identifiers_resolved') }} as identifiers
        on identifiers.kind = 'loyalty_id' and consents.loyalty_id = identifiers.token
    where consents.purpose = 'marketing'
    group by identifiers.customer_id, consents.channel

),

recently_sent as (

    select
        customer_id,
        max(cast(occurred_at as date)) as sent_on
    from {{ ref('interactions') }}
    where
        kind = 'exposure'
        and customer_id is not null
        and cast(occurred_at as date) > {{ days_after(as_of_date(), '-' ~ var('offer_cooldown_days')) }}
    group by customer_id

),

-- where no consent has ever landed the pipeline can't know; the campaign tool must ask, and the summary says so
checked as (

    select
        offers.*,
        case
            when settings.has_consents and not coalesce(consents.is_granted, false) then 'no_consent'
            when offers.keep_status = 'let_go' then 'let_go'
            when recently_sent.customer_id is not null then 'capped'
            when offers.program = 'dormancy_defence' and offers.dormant_unless_order_on <= offers.send_on
                then 'low_value'
        end as refusal,
        recently_sent.sent_on
    from offers
    cross join settings
    left join consents on offers.customer_id = consents.customer_id and offers.channel = consents.channel
    left join recently_sent on offers.customer_id = recently_sent.customer_id

),

spent as (

    select
        *,
        sum(case when refusal is null and arm = 'treatment' then cost else 0 end) over (
            order by case program when 'vip_pull' then 1 else 2 end, urgency desc, offer_id
            rows between unbounded preceding and current row
        ) as spent_so_far
    from checked

),

final as (

    select
        offer_id,
        customer_id,
        as_of_date,
        segment,
        program,
        product_id,
        incentive_type,
        incentive_value,
        cost,
        keep_status,
        dormant_unless_order_on,
        send_on,
        expires_on,
        channel,
        arm,
        urgency,
        reason,
        sooner_days,
        sent_on,
        spent_so_far,
        case
            when refusal is not null then refusal
            {% if var('offer_budget') is not none %}
            when arm = 'treatment' and spent_so_far > {{ var('offer_budget') }} then 'over_budget'
            {% endif %}
        end as rejection
    from spent

)

select * from final
