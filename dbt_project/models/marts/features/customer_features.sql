with settings as (

    select * from {{ ref('int_settings_resolved') }}

),

as_of_dates as (

    select as_of_date from settings

),

{{ describe_customers() }}

final as (

    select {{ features_of_customers() }}
    from described

)

select * from final
