"""Numbers that a database gives to rows: which it gave last, and with which it goes on.

A number is never given twice, also not after what had it was erased: who reads what is new tells by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table, text

from memx_core.ledger.tables import metadata

Numbers = Mapping[Table, int]


def numbered() -> list[Table]:
    """The tables whose rows get a number by themselves."""
    return [table for table in metadata.sorted_tables if table.autoincrement_column is not None]


def given(connection: Connection) -> Numbers:
    """The last number that was given in each of them; only of those that ever gave one."""
    numbers = _counted(connection) if connection.dialect.name == "sqlite" else _drawn(connection)
    return {table: numbers[table.name] for table in numbered() if numbers.get(table.name)}


def _counted(connection: Connection) -> dict[str, int]:
    found = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).all()
    return {str(row.name): int(row.seq) for row in found}


def _drawn(connection: Connection) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for table in numbered():
        row = connection.execute(text(f"SELECT last_value, is_called FROM {_sequence(connection, table)}")).one()
        if row.is_called:
            numbers[table.name] = int(row.last_value)
    return numbers


def go_on(connection: Connection, numbers: Numbers) -> None:
    """Has the next row of each table get a number after the one given here."""
    for table, number in numbers.items():
        values = {"name": table.name, "number": number}
        if connection.dialect.name != "sqlite":
            values["name"] = _sequence(connection, table)
            connection.execute(text("SELECT setval(CAST(:name AS regclass), :number)"), values)
        elif not connection.execute(
            text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), values
        ).rowcount:
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def _sequence(connection: Connection, table: Table) -> str:
    column = table.autoincrement_column
    assert column is not None
    asked = text("SELECT pg_get_serial_sequence(:table, :column)")
    return str(connection.execute(asked, {"table": table.name, "column": column.name}).scalar_one())
