{{ config(tags=['core']) }}
-- Orders are replaced by their ids, so that only one that tonight's build has put in can be there twice.
select order_id
from {{ ref('orders') }}
where {{ is_built_tonight('order_id', 'int_changed_orders') }}
group by order_id
having count(*) > 1
