"""dbt's own tests pass, and none of them reaches across layers that are built at different times."""

SEGMENT_RULES = {
    "one_more_order_at_own_average_makes_near_vip",
    "top_tier_holder_is_vip",
    "no_purchase_for_dormant_after_days_is_dormant",
    "no_purchase_for_churned_after_days_is_churned",
    "dormancy_probability_at_or_above_cutoff_is_at_risk",
    "once_at_risk_stays_until_below_cutoff_minus_margin",
    "first_segment_that_holds_wins",
}


def _statuses(project, resource_type: str) -> dict[str, str]:
    nodes = project.manifest["nodes"] | project.manifest["unit_tests"]
    return {
        nodes[result["unique_id"]]["name"]: result["status"]
        for result in project.results
        if result["unique_id"].startswith(f"{resource_type}.")
    }


def test_every_unit_test_ran_and_passed(built_project):
    statuses = _statuses(built_project, "unit_test")
    assert set(statuses.values()) == {"pass"}
    assert len(statuses) == len(built_project.manifest["unit_tests"])
    assert statuses.keys() >= SEGMENT_RULES


def test_data_tests_hold_where_nothing_has_landed(built_project):
    statuses = _statuses(built_project, "test")
    assert set(statuses.values()) == {"pass"}
    assert "orders_equal_the_sum_of_their_lines" in statuses


def test_each_data_test_reads_one_layer(built_project):
    """`dbt build` of a layer runs every test that reads one of its models, also where another model isn't built yet."""
    nodes = built_project.manifest["nodes"]
    layers = {
        name: {tag for parent in node["depends_on"]["nodes"] for tag in nodes[parent]["tags"]}
        for name, node in nodes.items()
        if node["resource_type"] == "test"
    }
    assert layers
    assert {name: tags for name, tags in layers.items() if len(tags) != 1} == {}
