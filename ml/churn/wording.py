"""Reasons in words: sentences a marketer would say, written column by column."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.churn.reasons import NOT_TOLD, REASONS, UNKNOWN, Figure

_SAYS = pa.array(["That speaks for staying.", "That speaks for leaving."])
# Of who has no reason that their figures bear out.
_PLAIN = Figure("recency_days", "day", 0, "Last bought {value} ago")
_NOTHING = "Nothing about them stands out."
# How finely a figure is written; money is compared in whole units.
_PLACES = {"percent": 2, "ratio": 1}


def round_figures(numbers: np.ndarray | float, form: str) -> np.ndarray:
    """Numbers as finely as one looks at them when they are written."""
    return np.round(numbers, _PLACES.get(form, 0))


def write_sentences(
    reason: np.ndarray, figure: np.ndarray, part: np.ndarray, value: np.ndarray, peer: np.ndarray
) -> pa.Array:
    """A sentence for each row from the numbers of its reason and figure, and whether its part speaks for leaving."""
    verdict = _SAYS.take(pa.array((part > 0).astype(int)))
    written = [pa.array([], pa.string())]
    places = [np.flatnonzero(figure == NOT_TOLD)]
    written.append(pc.binary_join_element_wise(_fill(_PLAIN, value[places[0]], peer[places[0]]), _NOTHING, " "))
    for number, one in enumerate(REASONS):
        for chosen in [UNKNOWN, *range(len(one.figures))]:
            rows = np.flatnonzero((reason == number) & (figure == chosen))
            if len(rows):
                told = f"{one.unknown}." if chosen == UNKNOWN else _fill(one.figures[chosen], value[rows], peer[rows])
                written.append(pc.binary_join_element_wise(told, verdict.take(pa.array(rows)), " "))
                places.append(rows)
    return pa.concat_arrays(written).take(pa.array(np.argsort(np.concatenate(places), kind="stable")))


def _fill(figure: Figure, value: np.ndarray, peer: np.ndarray) -> pa.Array:
    before, after = figure.sentence.split("{value}")
    parts = [before, write_numbers(value, figure.form)]
    if "{peer}" in after:
        middle, after = after.split("{peer}")
        parts += [middle, write_numbers(peer, figure.form)]
    return pc.binary_join_element_wise(*parts, f"{after}.", "")


def write_numbers(numbers: np.ndarray, form: str) -> pa.Array:
    """Numbers as one says them."""
    if form == "money":
        return _write_decimal(np.round(numbers * 100), 2)
    if form == "ratio":
        return pc.binary_join_element_wise(_write_decimal(np.round(numbers * 10), 1), "times", " ")
    whole = np.round(numbers * 100 if form == "percent" else numbers).astype(np.int64)
    noun = "%" if form == "percent" else pa.array(np.where(whole == 1, form, f"{form}s"), pa.string())
    return pc.binary_join_element_wise(pa.array(whole).cast(pa.string()), noun, " ")


def _write_decimal(units: np.ndarray, places: int) -> pa.Array:
    """Whole numbers of hundredths or tenths, with a point."""
    sign = pa.array(np.where(units < 0, "-", ""), pa.string())
    whole, rest = np.divmod(np.abs(units).astype(np.int64), 10**places)
    rest = pc.utf8_lpad(pa.array(rest).cast(pa.string()), places, "0")
    return pc.binary_join_element_wise(sign, pa.array(whole).cast(pa.string()), pa.scalar("."), rest, "")
