"""What is published: each table, where it is built, and the key that orders its rows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedTable:
    """One table of the contract."""

    name: str
    source: str
    order_by: str


TABLES: tuple[PublishedTable, ...] = (
    PublishedTable("customers", "marts.customers", "customer_id"),
    PublishedTable("customer_aliases", "marts.customer_aliases", "old_customer_id"),
    PublishedTable("segment_history", "marts.segment_history", "customer_id, valid_from"),
    PublishedTable("segment_transitions", "marts.segment_transitions", "month, from_segment, to_segment"),
    PublishedTable("segment_summary", "marts.segment_summary", "as_of_date, segment"),
    PublishedTable("customer_reasons", "ml.customer_reasons", "customer_id, rank"),
    PublishedTable("churn_causes", "marts.churn_causes", "customer_id"),
    PublishedTable("churn_patterns", "marts.churn_patterns", "lift desc, pattern"),
    PublishedTable("value_bridge", "marts.value_bridge", "month, cause"),
    PublishedTable("orders", "marts.orders", "ordered_at, order_id"),
    PublishedTable("order_lines", "marts.order_lines", "ordered_on, order_id, line_no"),
    PublishedTable("returns", "marts.returns", "returned_at, return_id"),
    PublishedTable("products", "marts.products", "product_id"),
    PublishedTable("interactions", "marts.interactions", "occurred_at, source, kind, reference_id"),
    PublishedTable("basket_rules", "ml.basket_rules", "item_kind, lift desc, antecedent, antecedent_2, consequent"),
    PublishedTable("recommendations", "marts.recommendations", "customer_id, rank"),
    PublishedTable("offers", "marts.offers", "offer_id"),
    PublishedTable("offer_products", "marts.offer_products", "offer_id, position"),
    PublishedTable("offer_rejections", "marts.offer_rejections", "customer_id, program"),
    PublishedTable("model_cards", "ml.model_cards", "model, metric, baseline"),
    PublishedTable("prediction_ledger", "ml.prediction_ledger", "model, predicted_on, customer_id"),
)

# Written when the version is sealed: only then are the last gate's results and the run's end known.
LEDGERS: tuple[PublishedTable, ...] = (
    PublishedTable("landed_files", "raw.landed_files", "source, entity, drop_on, file"),
    PublishedTable(
        "quality_checks", "ops.quality_checks", "run_id, gate, table_name, expectation, column_name, detail"
    ),
    PublishedTable("runs", "ops.runs", "started_at, run_id"),
)
