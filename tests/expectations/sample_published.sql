-- What is published of the sample warehouse, which is attached as `warehouse`.
create table customers as select * from warehouse.marts.customers;
create table segment_summary as select * from warehouse.marts.segment_summary;
create table segment_history as select * from warehouse.marts.segment_history;
create table segment_transitions as select * from warehouse.marts.segment_transitions;
create table orders as select * from warehouse.marts.orders;
create table order_lines as select * from warehouse.marts.order_lines;
create table products as select * from warehouse.marts.products;
create table returns as select * from warehouse.marts.returns;
create table interactions as select * from warehouse.marts.interactions;
create table basket_rules as select * from warehouse.ml.basket_rules;
create table offers as select * from warehouse.marts.offers;
create table offer_products as select * from warehouse.marts.offer_products;
create table model_cards as select * from warehouse.ml.model_cards;
create table customer_aliases as select * from warehouse.marts.customer_aliases;
create table value_bridge as select * from warehouse.marts.value_bridge;
create table churn_patterns as select * from warehouse.marts.churn_patterns;
create table churn_causes as select * from warehouse.marts.churn_causes;
