"""What the shop sells: products on ladders of three rungs, how popular they are, and what goes with what."""

from dataclasses import dataclass

import numpy as np

from datasets.simulated.draws import Draws
from datasets.simulated.names import CATEGORIES, DURABLES, NOT_MERCHANDISE
from datasets.simulated.parameters import Behaviour

RUNGS = ("good", "better", "best")
_RUNG_NAMES = ("Classic", "Select", "Reserve")
_BRANDS = (
    "Northfield",
    "Alder & Co",
    "Brightwell",
    "Harbour",
    "Oakridge",
    "Linden",
    "Marlow",
    "Thistle",
    "Wren",
    "Kestrel",
)


@dataclass(frozen=True)
class Association:
    """A consequent that is added to baskets with all antecedents with probability `added`, to any other with `base`."""

    antecedents: tuple[int, ...]
    consequent: int
    base: float
    added: float


@dataclass(frozen=True)
class Catalogue:
    """Products by number; the last one is postage. Arrays hold one element a product."""

    product_id: np.ndarray
    name: np.ndarray
    brand: np.ndarray
    category: np.ndarray
    subcategory: np.ndarray
    family: np.ndarray
    rung: np.ndarray
    next_rung: np.ndarray
    durable: np.ndarray
    first_price: np.ndarray
    unit_cost: np.ndarray
    cycle: np.ndarray
    popularity: np.ndarray
    faulty: np.ndarray
    associations: tuple[Association, ...]

    @property
    def size(self) -> int:
        """How many products, with postage."""
        return len(self.product_id)

    @property
    def postage(self) -> int:
        """The product that is no merchandise."""
        return self.size - 1

    @property
    def category_names(self) -> list[str]:
        """Names of the categories by number."""
        return [*CATEGORIES, NOT_MERCHANDISE]

    @property
    def subcategory_names(self) -> list[str]:
        """Names of the subcategories by number."""
        return [*(name for names in CATEGORIES.values() for name in names), "Postage"]

    @property
    def companions(self) -> np.ndarray:
        """Consequents: bought for no other reason than their base share and what they go with."""
        return np.array([planted.consequent for planted in self.associations])


def make_catalogue(draws: Draws, behaviour: Behaviour, customers: int) -> Catalogue:
    """The catalogue of a shop with so many customers. Prices and costs are whole pence."""
    families = int(np.clip(customers // behaviour.people_per_family, behaviour.families_least, behaviour.families_most))
    subcategories = [(c, name) for c, names in enumerate(CATEGORIES.values()) for name in names]
    count = len(subcategories) * families * len(RUNGS)
    number = np.arange(count)
    rung = number % len(RUNGS)
    ladder = number // len(RUNGS)
    subcategory = ladder // families
    category = np.array([category for category, _ in subcategories])[subcategory]
    durable = np.array([name in DURABLES for _, name in subcategories])[subcategory]
    level = np.exp(draws.normal("price level", ladder) * behaviour.price_spread)
    level *= np.where(durable, behaviour.durable_price, behaviour.goods_price)
    price = np.round(level * np.array(behaviour.rung_price)[rung] * 100 / 5) * 5 - 1
    cost = np.round(price * draws.between("cost", behaviour.cost_share, number))
    popularity = _rank_popularity(draws, behaviour, ladder, rung, durable)
    associations = _plant_associations(draws, behaviour, popularity, durable)
    for planted in associations:
        popularity[planted.consequent] = 0.0
    names = [
        f"{_BRANDS[(s + f) % len(_BRANDS)]} {subcategories[s][1].lower()} {_RUNG_NAMES[r]}" + (f" {f + 1}" if f else "")
        for s, f, r in zip(subcategory, ladder % families, rung, strict=True)
    ]
    brands = [_BRANDS[(s + f) % len(_BRANDS)] for s, f in zip(subcategory, ladder % families, strict=True)]

    def with_postage(values, postage):
        return np.append(values, np.array([postage], dtype=np.asarray(values).dtype))

    return Catalogue(
        product_id=np.array([f"P{n + 1:05d}" for n in number] + ["POST"]),
        name=np.array([*names, "Postage"]),
        brand=np.array([*brands, ""]),
        category=with_postage(category, len(CATEGORIES)),
        subcategory=with_postage(subcategory, len(subcategories)),
        family=with_postage(ladder, -1),
        rung=with_postage(rung, -1),
        next_rung=with_postage(np.where(rung < len(RUNGS) - 1, number + 1, -1), -1),
        durable=with_postage(durable, False),
        first_price=with_postage(price.astype(np.int64), round(behaviour.postage * 100)),
        unit_cost=with_postage(cost.astype(np.int64), round(behaviour.postage * 100)),
        cycle=with_postage(draws.between("cycle", behaviour.lasts_days, subcategory), 0.0),
        popularity=with_postage(popularity, 0.0),
        faulty=with_postage(behaviour.faulty_share * draws.gamma("faulty", 0.7, number), 0.0),
        associations=associations,
    )


def _rank_popularity(draws: Draws, behaviour: Behaviour, ladder, rung, durable) -> np.ndarray:
    rank = np.argsort(np.argsort(draws.uniform("popularity", ladder), kind="stable"), kind="stable") // len(RUNGS)
    popularity = (rank + behaviour.zipf_offset) ** -behaviour.zipf_exponent
    popularity *= np.array(behaviour.rung_popularity)[rung]
    return popularity * np.where(durable, behaviour.durable_popularity, 1.0)


def _plant_associations(draws: Draws, behaviour: Behaviour, popularity, durable) -> tuple[Association, ...]:
    """Antecedents are popular; consequents are taken from the middle, each of one association only."""
    by_rank = np.argsort(-popularity, kind="stable")
    by_rank = by_rank[~durable[by_rank]]
    pairs, triples = behaviour.planted_pairs, behaviour.planted_triples
    antecedents = by_rank[2 : 2 + pairs]
    consequents = by_rank[len(by_rank) // 3 :][: pairs + triples]
    number = np.arange(pairs + triples)
    base = draws.between("association base", behaviour.consequent_base, number)
    added = draws.between("association added", behaviour.consequent_added, number)
    planted = [
        Association((int(antecedents[n]),), int(consequents[n]), float(base[n]), float(added[n])) for n in range(pairs)
    ]
    # a pair that is often bought together is itself an antecedent with its consequent
    likeliest = sorted(range(pairs), key=lambda n: -popularity[antecedents[n]] * added[n])[:triples]
    for place, n in enumerate(likeliest, pairs):
        both = (planted[n].antecedents[0], planted[n].consequent)
        planted.append(Association(both, int(consequents[place]), float(base[place]), float(added[place])))
    return tuple(planted)
