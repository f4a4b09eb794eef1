"""The published results on CDNOW come out again."""

import numpy as np
import pytest

from ml.evaluation.purchases import SAMPLE, WHOLE
from ml.lifetime import BetaGeometricNBD, GammaGamma, ParetoNBD

# Fader, Hardie and Lee (2005) and Fader and Hardie's notes for the sample; the whole file by other implementations.
PURCHASES = [
    (BetaGeometricNBD, SAMPLE, {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.4, 0.7855, -0.122),
    (BetaGeometricNBD, WHOLE, {"r": 0.252, "alpha": 4.789, "a": 0.723, "b": 2.161}, -95368.4, 0.8187, -0.143),
    (ParetoNBD, SAMPLE, {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9595.0, 0.7545, -0.115),
    (ParetoNBD, WHOLE, {"r": 0.597, "alpha": 11.586, "s": 0.522, "beta": 8.828}, -95415.1, 0.7938, -0.129),
]
VALUES = [
    (SAMPLE, {"p": 6.25, "q": 3.744, "v": 15.443}, -4055.9),
    (WHOLE, {"p": 6.275, "q": 3.625, "v": 14.984}, None),
]


@pytest.mark.parametrize(("kind", "name", "parameters", "log_likelihood", "error", "bias"), PURCHASES)
def test_purchases(cohorts, kind, name, parameters, log_likelihood, error, bias):
    cohort = cohorts[name]
    model = kind().fit(cohort.frequency, cohort.recency, cohort.age)
    assert model.params_ == pytest.approx(parameters, rel=0.005)
    assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.1)
    assert model.converged_
    assert model.explanation_ == ""
    predicted = model.predict(39, cohort.frequency, cohort.recency, cohort.age)
    assert np.abs(predicted - cohort.purchases_after).mean() == pytest.approx(error, abs=0.0001)
    assert predicted.sum() / cohort.purchases_after.sum() - 1 == pytest.approx(bias, abs=0.001)


@pytest.mark.parametrize(("name", "parameters", "log_likelihood"), VALUES)
def test_values(cohorts, name, parameters, log_likelihood):
    cohort = cohorts[name]
    model = GammaGamma().fit(cohort.frequency, cohort.mean_value)
    assert model.params_ == pytest.approx(parameters, rel=0.005)
    assert model.converged_
    if log_likelihood:
        assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.1)


def test_conditional_expectation_of_pareto_nbd(cohorts):
    cohort = cohorts[SAMPLE]
    model = ParetoNBD().fit(cohort.frequency, cohort.recency, cohort.age)
    assert model.predict(52, [26], [30.86], [31])[0] == pytest.approx(25.46, abs=0.01)
