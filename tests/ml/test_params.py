"""The params file is checked whole."""

import pytest
import yaml

from ml.params import DEFAULT_PATH, ParamsError, load_params


def write(tmp_path, change):
    content = yaml.safe_load(DEFAULT_PATH.read_text())
    change(content)
    path = tmp_path / "params.yml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_the_shipped_file_loads():
    params = load_params()
    assert params.churn.horizons_days == (30, 60, 90, 180)
    assert params.baskets.category.min_baskets >= 1


def test_nobody_is_described_to_the_churn_models_for_nothing():
    """A night's training rows are all learnt from: the model would take as many as dbt can describe."""
    told = yaml.safe_load((DEFAULT_PATH.parents[1] / "dbt_project" / "dbt_project.yml").read_text())["vars"]
    most = told["training_customers_a_date"] * told["feature_dates_max"]
    assert most <= load_params().churn.max_training_rows


def test_every_knob_has_a_comment():
    lines = DEFAULT_PATH.read_text().splitlines()
    knobs = [line for line in lines if line and not line.startswith("#") and not line.rstrip().endswith(":")]
    assert all("  # " in line for line in knobs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["churn"].update(horizon=3), "unknown key churn.horizon;"),
        (lambda c: c["churn"]["boosting"].update(depth=3), "unknown key churn.boosting.depth;"),
        (lambda c: c.update(fortune={}), "unknown key fortune;"),
        (lambda c: c["churn"].pop("grade_a_gain"), "missing key churn.grade_a_gain"),
        (lambda c: c["churn"].update(min_customers="three"), "churn.min_customers is 'three'"),
        (lambda c: c["churn"].update(min_customers=True), "churn.min_customers is True"),
        (lambda c: c["churn"].update(probability_floor=0.5), "lies between 0 and 0.5"),
        (lambda c: c["lifetime"].update(tolerance=1), "lifetime.tolerance lies between"),
        (lambda c: c["baskets"].update(product=None), "baskets.product must hold keys"),
        (lambda c: c["baskets"]["product"].update(min_support=7), "min_support lies between 0 and 1"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, change, message):
    with pytest.raises(ParamsError, match=message.replace(".", r"\.")):
        load_params(write(tmp_path, change))


def test_a_missing_or_broken_file_is_one_sentence(tmp_path):
    with pytest.raises(ParamsError, match="can't be read"):
        load_params(tmp_path / "none.yml")
    broken = tmp_path / "broken.yml"
    broken.write_text("churn: [")
    with pytest.raises(ParamsError, match="not YAML"):
        load_params(broken)
