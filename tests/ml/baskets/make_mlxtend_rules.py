"""Makes mlxtend_rules.csv: python make_mlxtend_rules.py, in an environment with mlxtend 0.25, pandas and pyarrow.

The baskets are the first 10,000 invoices (by number) of datasets/data/online_retail.parquet with two or more different
products; the rules those of mlxtend's fpgrowth and association_rules with one consequent and at most two antecedents.
"""

from pathlib import Path

import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from mlxtend.preprocessing import TransactionEncoder

HERE = Path(__file__).parent
BASKETS, MIN_SUPPORT, MIN_CONFIDENCE = 10_000, 0.015, 0.3

lines = pd.read_parquet(HERE.parents[2] / "datasets" / "data" / "online_retail.parquet")
lines = lines[lines["Quantity"] > 0].assign(item=lines["StockCode"].astype(str).str.upper())
lines = lines[["InvoiceNo", "item"]].astype(str).drop_duplicates()
baskets = lines.groupby("InvoiceNo")["item"].apply(list)
baskets = baskets[baskets.map(len) > 1].sort_index().head(BASKETS)
encoder = TransactionEncoder().fit(baskets)
table = pd.DataFrame.sparse.from_spmatrix(encoder.transform(baskets, sparse=True), columns=encoder.columns_)
itemsets = fpgrowth(table, min_support=MIN_SUPPORT, use_colnames=True, max_len=3)
rules = association_rules(itemsets, metric="confidence", min_threshold=MIN_CONFIDENCE)
rules = rules[rules["consequents"].map(len) == 1]
named = rules["antecedents"].map(sorted)
golden = pd.DataFrame(
    {
        "antecedent": named.str[0],
        "antecedent_2": named.str[1],
        "consequent": rules["consequents"].map(min),
        **{name: rules[name] for name in ("support", "confidence", "lift", "leverage")},
    }
)
golden = golden.sort_values(["antecedent", "antecedent_2", "consequent"], na_position="first")
golden.to_csv(HERE / "mlxtend_rules.csv", index=False, float_format="%.12g")
print(len(golden), "rules")
