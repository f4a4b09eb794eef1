"""Land a data set: prepare it, write its drops, and prove that the drops hold what the source holds."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from datasets import complete_journey, online_retail
from datasets.drops import Drop, list_other_drops, write_drops
from datasets.prepared import Adapter, Prepared
from datasets.reconciliation import Reconciliation, reconcile
from pipeline.errors import RapportError
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, open_in_memory

ADAPTERS: dict[str, Adapter] = {"complete_journey": complete_journey, "online_retail": online_retail}


@dataclass(frozen=True)
class Landed:
    """A data set in a landing folder."""

    prepared: Prepared
    landing: Path
    drops: list[Drop]
    reconciliation: Reconciliation
    others: list[Path]

    @property
    def last_day(self) -> date:
        """The date of the last drop, which is the day to run the night for."""
        return max(drop.day for drop in self.drops)


def land_dataset(settings: Settings, name: str, landing: Path, split: bool = False) -> Landed:
    """Write the drops of data set `name` into `landing`; raise RapportError unless they tie out with the source."""
    adapter = ADAPTERS[name]
    source = adapter.find_source()
    make_folder(settings.temporary)
    try:
        with open_in_memory(settings) as connection:
            prepared = adapter.prepare(connection, source)
            drops = write_drops(connection, prepared.entities, landing, split)
            reconciliation = reconcile(connection, prepared, drops)
    except duckdb.OutOfMemoryException:
        raise RapportError(f"{settings.memory} of memory are too few for {name}; set RAPPORT_MEMORY higher.") from None
    except duckdb.Error as error:
        raise RapportError(f"{source} can't be turned into drops: {str(error).splitlines()[0]}") from None
    return Landed(prepared, landing, drops, reconciliation, list_other_drops(landing, drops))
