"""What `lockstep parity` shows people: values with their owners, or each place with its story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from validator.reports.escaping import harmless

from .common import cell, console

if TYPE_CHECKING:
    from rich.table import Table

    from pipelines.parity import Compared
    from validator.parity.judge import Location


def show(compared: Compared, *, whole: bool) -> None:
    """Print what differs, then on standard error what is wrong; of a whole project values, of two sides each place."""
    from validator.reports.report import counted

    if not whole:
        for line in _places(compared):
            click.echo(harmless(line) if line.strip() else "")
    else:
        out = console()
        if compared.settings:
            out.print(_settings(compared))
        else:
            out.print(_declarations(compared))
    click.echo(
        f"\n{counted(len(compared.differences), 'place')} differ; {counted(len(compared.findings), 'finding')}"
    )
    for finding in compared.findings:
        place = finding.file + (f":{finding.line}" if finding.line else "")
        click.secho("error: ", fg="red", nl=False, err=True)
        text = f"{place}: {finding.key}: {finding.message}\n  mend: {finding.remediation}"
        click.echo(harmless(text), err=True)


def _table(*columns: str) -> Table:
    from rich.table import Table

    return Table(*columns, box=None, pad_edge=False)


def _settings(compared: Compared) -> Table:
    """Return the values of the hierarchy that differ: one row for all that follows from each."""
    from validator.parity import declares
    from validator.parity.judge import alike
    from validator.parity.words import text_of

    table = _table("value", *compared.sides, "owner", "reason")
    for (group, path), values in sorted(compared.settings.items()):
        if alike(values):
            continue
        key = f"settings.{path}"
        declared = [
            one.declaration for one in compared.policy.declared if declares(one.declaration, group, key)
        ]
        cells = [text_of(values.get(name)) for name in compared.sides]
        owner = (declared[0].owner, declared[0].reason) if declared else ("NOBODY", "not declared")
        table.add_row(*map(cell, (f"{group}:{key}", *cells, *owner)))
    return table


def _declarations(compared: Compared) -> Table:
    """Return the declarations with how many places each is needed for: a large project has too many to show."""
    from validator.parity import declared_by

    places: Counter[str] = Counter()
    owners: dict[str, tuple[str, str]] = {"": ("NOBODY", "not declared, or never to be declared (REQ-V5)")}
    for difference in compared.differences:
        declared = declared_by(difference, compared.policy)
        for one in declared:
            owners[one.declaration.path] = (one.declaration.owner, one.declaration.reason)
        places.update([one.declaration.path for one in declared] or [""])
    table = _table("declaration", "places", "owner", "reason")
    for path, count in sorted(places.items()):
        table.add_row(*map(cell, (path, f"{count:,}", *owners[path])))
    return table


def _places(compared: Compared) -> Iterator[str]:
    """Yield each difference with both values, why, and who declared it."""
    from validator.parity import shown

    stack = ""
    for one in compared.explained():
        difference = one.difference
        if difference.stack != stack:
            stack = difference.stack
            yield f"\n{stack}"
        left, right = (f"{name} {shown(value, difference.lack)}" for name, value in one.values.items())
        yield f"  {difference.key or 'the whole stack'}: {left}, {right}"
        for origin in one.origins:
            name = origin.cause.setting or origin.cause.parameter
            where = _where(origin.written)
            by = f" through the parameter {origin.cause.parameter}" if origin.cause.setting else ""
            yield f"    because `{name}` in {where}{by}"
        if where := _where(one.written):
            yield f"    written in {where}"
        if one.guarded:
            yield "    security rests on it: nobody can declare it"
        elif one.declared:
            for declared in one.declared:
                yield f"    declared by {declared.declaration.owner}: {declared.declaration.reason}"
        else:
            yield "    NOBODY declared it"


def _where(written: Mapping[str, Location]) -> str:
    return ", ".join(f"{file}:{line}" if line else file for file, _, line in written.values() if file)
