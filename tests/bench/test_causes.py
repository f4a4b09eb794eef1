"""The causes entry counts stated causes against true ones as one would by hand."""

from bench.causes import describe, describe_reasons

# Of eleven called dormant nine have left: service is right for three and wrong for one, unknown for two and three.
PAIRS = [
    ("service", "service", 3),
    ("service", "price", 1),
    ("unknown", "unknown", 2),
    ("unknown", "price", 3),
    ("unknown", None, 2),
]


def test_each_cause_has_its_precision_and_recall():
    table = describe(PAIRS)
    assert "| service | 4 | 3 | 0.750 | 0.750 | 3 | 1.000 |" in table
    assert "| unknown | 7 | 2 | 0.286 | 0.400 | 2 | 1.000 |" in table
    assert "| price | 0 | 0 | – | – | 4 | 0.000 |" in table


def test_those_who_have_left_are_held_against_the_commonest_cause():
    table = describe(PAIRS)
    assert "| customers called dormant or churned | 11 |" in table
    assert "| … who have left | 9 |" in table
    assert "| of these, stated cause right | 0.556 |" in table
    assert "| commonest cause (price) for everybody | 0.444 |" in table
    assert "| times as often right | 1.25 (" in table


def test_reasons_that_can_be_no_cause_are_unknown_beside_the_commonest_cause():
    first = [("service", "service", 1), ("unknown", "unknown", 4), ("unknown", "service", 3), ("unknown", "price", 2)]
    able = [("service", "service", 4), ("price", "unknown", 1), ("unknown", "unknown", 3), ("price", "price", 2)]
    table = describe_reasons(first, able)
    assert "| customers who have just left | 10 | 10 |" in table
    assert "| of these, stated cause right | 0.500 | 0.900 |" in table
    assert "| commonest cause (service) for everybody | 0.400 | 0.400 |" in table
    assert "| named a cause; of these right | 1; 1.000 | 7; 0.857 |" in table
