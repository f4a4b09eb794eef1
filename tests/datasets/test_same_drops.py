"""The mappings of the two real data sets land what their adapters in Python landed: every row, value and day."""

import duckdb
import pytest

from datasets.landing import land_dataset
from pipeline.settings import Settings

# Fingerprints of the drops of 2026-11-24, the last that adapters in Python wrote; whole, and split by day. Since then
# three products of online_retail are no merchandise any more: a carriage, a packing charge and a voucher.
FINGERPRINTS = {
    "complete_journey": {
        "sales/orders": ("1068c850b0480e099092b2386ccbcc46", "9200a16558d185c527a90792e5bd541f"),
        "sales/order_lines": ("346c3a8ccc182ba3834285f1963f76cf", "db2bad1d235a76f420460b14f50d3a3d"),
        "sales/products": ("1965e796a7c6add3f82036f9b4d2910e", "0fce8ba96851b9683fc5d2ef6597710b"),
        "loyalty/members": ("6a6f836cb887cd28c8710f4f861a2ea4", "9ab55c2d76fac7ef5f8cf378f3d86e0a"),
        "loyalty/exposures": ("fe57af98ba7634fc5a0797dc38347e6a", "8bd1b5944afebaa5ddd9381a47318178"),
        "loyalty/redemptions": ("2f20bdda7ccbafb110c84a151e18f817", "f4be3ff7c523f04989102a4b784c7a8a"),
    },
    "online_retail": {
        "sales/orders": ("9c820254c041cd9c3088f7b075b4345a", "a491e4eb2ecb31cc8da1b086e84812bd"),
        "sales/order_lines": ("469659e323df067b8c9fddcf9f4266bc", "23a438fd17d2028c1f061e197d2f783d"),
        "sales/returns": ("285b5a374a17250facb8c024b84e3e4d", "fec87d2181c7a9667dbd5c0205af91eb"),
        "sales/products": ("d4ee35d1985c11b3e313f12d3030c2fc", "32bbb9d77871f73a58f5ff7d780c1550"),
    },
}
QUERY = """
    select md5(string_agg(line, chr(10) order by line)) from (
        select t::varchar as line from (
            select * exclude (filename), parse_path(filename)[-2] as drop_on
            from read_parquet(?, filename = true, hive_partitioning = false)
        ) as t
    )
"""


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", FINGERPRINTS)
def test_the_mapping_lands_what_the_adapter_landed(tmp_path, name, split):
    settings = Settings.from_environment({"RAPPORT_HOME": str(tmp_path)})
    landed = land_dataset(settings, name, settings.landing, split)
    assert not [note for note in landed.warnings if "quarantine" in note]
    found = {path: _fingerprint(settings.landing / path) for path in FINGERPRINTS[name]}
    assert found == {path: pair[split] for path, pair in FINGERPRINTS[name].items()}
    assert {f"{source}/{entity}" for source, entity in landed.rows} == set(FINGERPRINTS[name])


def _fingerprint(folder):
    return duckdb.execute(QUERY, [f"{folder}/*/*.parquet"]).fetchone()[0]
