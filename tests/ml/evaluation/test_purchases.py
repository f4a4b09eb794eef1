"""Reading CDNOW and splitting it in time."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ml.evaluation.purchases import CALIBRATION_ENDS, SAMPLE, WHOLE, read_cdnow, split_at
from ml.evaluation.report import EvaluationError

SHIPPED = Path(__file__).resolve().parents[3] / "datasets" / "data"


@pytest.mark.parametrize(("name", "customers", "repeaters"), [(SAMPLE, 2357, 946), (WHOLE, 23570, None)])
def test_the_shipped_files_hold_the_published_customers(name, customers, repeaters):
    cohort = split_at(read_cdnow(SHIPPED, name), CALIBRATION_ENDS, 39)
    assert len(cohort) == customers
    assert repeaters in (None, (cohort.frequency > 0).sum())
    assert (cohort.recency <= cohort.age).all()


def test_days_are_merged_and_cut_at_the_end_of_the_calibration(tmp_path):
    (tmp_path / SAMPLE).write_text(
        "1 a 19970101 1 10.00\n1 a 19970115 1 4.00\n1 a 19970115 2 6.00\n1 a 19970129 1 30.00\n"
        "1 a 19970130 1 7.00\n1 a 19970206 1 9.00\n2 b 19970122 1 5.00\n3 c 19970130 1 5.00\n"
    )
    cohort = split_at(read_cdnow(tmp_path, SAMPLE), date(1997, 1, 29), weeks=1)
    # c came after the cutoff; a's purchase of the eighth day after it is outside the week.
    assert cohort.frequency.tolist() == [2, 0]
    assert cohort.recency.tolist() == [4, 0]
    assert cohort.age.tolist() == [4, 1]
    assert cohort.mean_value.tolist() == [(10 + 30) / 2, 0]
    assert cohort.purchases_after.tolist() == [1, 0]
    assert np.allclose(cohort.spend_after, [7, 0])


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(EvaluationError, match=r"CDNOW_sample\.txt can't be read .*--data takes"):
        read_cdnow(tmp_path, SAMPLE)
