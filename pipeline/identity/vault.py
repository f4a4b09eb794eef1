"""Personal identifiers: the secret, the tokens that stand for them in the warehouse, and the one file that maps back.

A token is the first half, in hex, of sha256(secret || kind || ':' || normalised value): the same person's e-mail gives
the same token every night, and nobody without the secret can tell which e-mail that was.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from pipeline.errors import RapportError, UsageError
from pipeline.identity.normalise import give_phone_region, normalise_sql
from pipeline.settings import Settings
from pipeline.warehouse import make_folder, quote_literal

_TABLES = """
    create table if not exists vault.identifiers (kind varchar, token varchar, value varchar);
    create table if not exists vault.secret_check (fingerprint varchar);
"""

# Half of a SHA-256 in hex: no two identifiers of any shop share it, and it takes half the room in every join.
_TOKEN_LENGTH = 32


def token_sql(kind: str, value: str) -> str:
    """SQL of an identifier's token. The secret itself is never part of the text; see `give_secret`."""
    return _hash_sql(f"'{kind}'", normalise_sql(kind, value))


def _hash_sql(kind: str, normalised: str) -> str:
    return f"left(sha256(getvariable('rapport_secret') || {kind} || ':' || {normalised}), {_TOKEN_LENGTH})"


def read_secret(settings: Settings) -> str:
    """RAPPORT_SECRET, else the secret file's content; the file is made, readable by its owner only, on first use."""
    if settings.secret:
        return settings.secret
    path = settings.secret_file
    if not path.exists():
        if settings.vault.exists():
            raise RapportError(
                f"{path} is gone but {settings.vault} was made with a secret; put the file back or set RAPPORT_SECRET, "
                "else every customer would get a new id."
            )
        _make_secret(settings)
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise RapportError(f"{path} is empty; put the secret back from your backup.")
    return secret


def give_secret(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Let the connection make tokens. The secret lives in the connection's memory only."""
    connection.execute("set variable rapport_secret = ?", [read_secret(settings)])
    give_phone_region(connection, settings.phone_region)


@contextmanager
def attach_vault(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have the vault beside the warehouse as `vault`; refuse if another secret made its tokens."""
    secret = read_secret(settings)
    with _owner_only():
        make_folder(settings.vault.parent)
        connection.execute(f"attach {quote_literal(settings.vault)} as vault")
        try:
            os.chmod(settings.vault, 0o600)
            connection.execute(_TABLES)
            _check_secret(connection, secret)
            yield
            connection.execute("checkpoint vault")
        finally:
            connection.execute("detach vault")


def store_identifiers(connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str, str]]) -> None:
    """Keep each distinct value once; doing it again adds nothing. `columns` are (kind, value, relation), in SQL.

    It is a transaction of its own, before the warehouse's: DuckDB writes one attached file a transaction, and a
    value in the vault that no row uses does no harm, while a token nobody can map back would.
    """
    if not columns:
        return
    found = " union ".join(
        f"select '{kind}' as kind, {normalise_sql(kind, value)} as value from {relation}"
        for kind, value, relation in columns
    )
    connection.execute(
        "insert into vault.identifiers "
        f"select distinct kind, {_hash_sql('kind', 'value')}, value "
        f"from ({found}) as found where value is not null and not exists ("
        "select 1 from vault.identifiers as known where known.kind = found.kind and known.value = found.value)"
    )


def _make_secret(settings: Settings) -> None:
    """Write the file whole under another name, then link it: a crash can't leave an empty secret behind."""
    make_folder(settings.home)
    draft = settings.secret_file.with_name(f"{settings.secret_file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(secrets.token_hex(32) + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.link(draft, settings.secret_file)
    except FileExistsError:
        return
    except OSError as error:
        raise RapportError(f"{settings.secret_file} can't be written ({error.strerror}).") from None
    finally:
        draft.unlink(missing_ok=True)


def _check_secret(connection: duckdb.DuckDBPyConnection, secret: str) -> None:
    fingerprint = hashlib.sha256(f"fingerprint of {secret}".encode()).hexdigest()
    known = connection.execute("select fingerprint from vault.secret_check").fetchone()
    if known is None:
        connection.execute("insert into vault.secret_check values (?)", [fingerprint])
    elif known[0] != fingerprint:
        raise UsageError(
            "RAPPORT_SECRET is not the one this warehouse was made with; give that one, or use another RAPPORT_HOME."
        )


@contextmanager
def _owner_only() -> Iterator[None]:
    """Files made meanwhile, the vault's write-ahead log included, are for their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
