"""A selection compiled: one statement that returns one record of positional lists.

Every object is a list of its columns, every list of objects a `CALL` subquery that collects them, so the engine does all
the work in one go and the driver reads one record, whatever was selected: a record costs it about 50 microseconds, a
value less than one (bench/reads.py measures it). graph/assembly.py makes the answer out of the record.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.assembly import Assembler, Careful, Failure, Layout, PageLayout, Run, Unanswerable, objects_of
from graph.bindings import Binding, Fragment, Inner, Maybe, Objects, Page, Part, Rows, Selected, Value

_TOKEN = re.compile(r"(?<![\w.`])(?:_([a-z][a-z0-9]*)\b|\$([a-z][a-z0-9_]*))")

Scope = Mapping[str, str]
#: Ids that no entity has.
MISSING = (
    "CALL () {{ UNWIND {} AS wanted OPTIONAL MATCH (entity:Entity {{id: wanted}}) WITH wanted, entity "
    "WHERE entity IS NULL RETURN collect(DISTINCT wanted) AS missing }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`cypher` returns one record: what was selected and, where root fields are about entities, the ids that nothing has.

    `assemble` makes the data of the response out of the first, or raises Anomaly; `complete` never does: it says what
    failed and where. `about`: the root fields that are about entities.
    """

    cypher: str
    subqueries: int
    assemble: Callable[[Any, Run], dict[str, Any]]
    layout: Layout
    about: tuple[Selected, ...] = ()

    def complete(self, record: Any, run: Run) -> tuple[dict[str, Any] | None, list[Failure]]:
        careful = Careful(run)
        try:
            return careful.object(self.layout, record, []), careful.failures
        except Unanswerable:
            return None, careful.failures


def compile_selection(roots: Objects) -> Plan:
    """The plan of the root fields; `roots` is the selection on the one type Query."""
    compiler = _Compiler()
    calls: list[str] = []
    text, layout = compiler.object(roots, {}, calls)
    assembler = Assembler()
    name = assembler.object(layout)
    about = tuple(selected for fields in roots.fields.values() for selected in fields if selected.entities)
    returned = f"RETURN {text} AS r"
    if about:
        names = dict.fromkeys(name for selected in about for name in selected.entities)
        calls.append(MISSING.format(f"[{', '.join(f'$p.{name}' for name in names)}]"))
        returned += ", missing"
    cypher = "\n".join((*calls, returned))
    return Plan(
        cypher=cypher, subqueries=cypher.count("CALL ("), assemble=assembler.function(name), layout=layout, about=about
    )


def render(
    template: str,
    scope: Scope,
    local: dict[str, str],
    parameter: Callable[[str], str],
    number: Callable[[], int],
    used: dict[str, None] | None = None,
) -> str:
    """The template with its variables and parameters named; `used` collects the variables of the scope it needs."""

    def named(match: re.Match[str]) -> str:
        variable, name = match.groups()
        if name is not None:
            return f"$p.{parameter(name)}"
        if variable in local:
            return local[variable]
        if variable in scope:
            if used is not None:
                used[scope[variable]] = None
            return scope[variable]
        local[variable] = f"{variable}{number()}"
        return local[variable]

    return _TOKEN.sub(named, template)


class _Compiler:
    """Text of the statement; variables are numbered, since an engine refuses a name that an outer part has."""

    def __init__(self) -> None:
        self._count = 0

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _render(
        self,
        template: str,
        scope: Scope,
        selected: Selected,
        local: dict[str, str] | None = None,
        used: dict[str, None] | None = None,
    ) -> str:
        def parameter(name: str) -> str:
            return selected.parameters.get(name) or selected.time.parameters[name]

        return render(template, scope, {} if local is None else local, parameter, self._number, used)

    def object(
        self, objects: Objects, scope: Scope, calls: list[str], guard: "_Guard | None" = None
    ) -> tuple[str, Layout]:
        """The list of an object's columns; what needs a subquery is added to `calls`, which run before."""
        layout = Layout(objects)
        columns: list[str] = []
        needs: dict[str, None] = {}
        tag = render(objects.tag, scope, {}, str, self._number, needs)
        if tag:
            columns.append(tag)
        of: dict[int, list[str]] = {}
        for stored, fields in objects.fields.items():
            for selected in fields:
                of.setdefault(id(selected), []).append(stored)
        for fields in objects.fields.values():
            for selected in sorted(fields, key=_by_name):
                if id(selected) in layout.at or selected.binding is Part.TYPENAME:
                    continue
                inner = guard
                if tag and len(types := of[id(selected)]) < len(objects.fields):
                    inner = _Guard.of(tag, types, needs, guard)
                column = self._column(selected, scope, calls, layout, inner)
                if not isinstance(selected.binding, Value) or column not in columns:
                    columns.append(column)
                layout.at[id(selected)] = (
                    columns.index(column) if isinstance(selected.binding, Value) else len(columns) - 1
                )
        return f"[{', '.join(columns)}]", layout

    def _column(
        self, selected: Selected, scope: Scope, calls: list[str], layout: Layout, guard: "_Guard | None"
    ) -> str:
        binding: Binding = selected.binding
        if isinstance(binding, Value):
            return self._render(binding.cypher, scope, selected)
        objects = objects_of(selected.output)
        if isinstance(binding, Inner):
            within = {role: self._render(var, scope, selected) for role, var in binding.roles.items()}
            given = self._render(binding.given, scope, selected)
            text, layout.inner[id(selected)] = self.object(objects, within, calls, guard)
            return f"CASE WHEN {given} THEN {text} END" if given else text
        if isinstance(binding, Page):
            text, layout.inner[id(selected)] = self._page(selected, binding, objects, scope, calls, guard)
            return text
        assert isinstance(binding, Rows)
        text, layout.inner[id(selected)] = self._rows(selected, binding, objects, scope, calls, guard)
        return text

    def _rows(
        self,
        selected: Selected,
        binding: Rows,
        objects: Objects,
        scope: Scope,
        calls: list[str],
        guard: "_Guard | None",
    ) -> tuple[str, Layout]:
        opened = self._open(selected, binding, scope)
        inner: list[str] = []
        text, layout = self.object(objects, opened.roles, inner)
        if isinstance(binding, Maybe):
            text = f"[CASE WHEN {next(iter(opened.roles.values()))} IS NULL THEN null ELSE {text} END]"
        return self._call(calls, opened, guard, (*inner, f"RETURN collect({text})")), layout

    def _page(
        self,
        selected: Selected,
        binding: Page,
        objects: Objects,
        scope: Scope,
        calls: list[str],
        guard: "_Guard | None",
    ) -> tuple[str, PageLayout]:
        (fields,) = objects.fields.values()
        layout = PageLayout()
        opened = self._open(selected, binding, scope)
        inner: list[str] = []
        columns = [""]
        for part in sorted((p for f in fields for p in _parts(f)), key=_by_name):
            if part.binding in (Part.NODE, Part.NODES):
                text, layout.inner[id(part)] = self.object(objects_of(part.output), opened.roles, inner)
                layout.at[id(part)] = len(columns)
                columns.append(text)
            layout.keys = layout.keys or part.binding in (Part.CURSOR, Part.START, Part.END)
            layout.rows = layout.rows or part.binding not in (Part.TOTAL, Part.TYPENAME)
        columns[0] = f"[{', '.join(opened.keys)}]" if layout.keys else "0"
        rows = total = "null"
        if layout.rows:
            body = (*inner, f"RETURN collect([{', '.join(columns)}])")
            rows = self._call(calls, opened, guard, body)
        if any(f.binding is Part.TOTAL for f in fields):
            counted = self._open(selected, binding, scope, total=True)
            total = self._call(calls, counted, guard, ())
        return f"[{rows}, {total}]", layout

    def _open(self, selected: Selected, binding: Rows, scope: Scope, *, total: bool = False) -> "_Opened":
        fragment: Fragment = binding.fragment(selected.shape)
        local: dict[str, str] = {}
        used: dict[str, None] = {}

        def rendered(template: str) -> str:
            return self._render(template, scope, selected, local, used)

        if total:
            return _Opened(text=rendered(fragment.total), used=used)
        text = rendered(fragment.match)
        binds = ", ".join(rendered(name) for name in fragment.binds)
        keys = tuple(rendered(key) for key in fragment.keys)
        direction = " DESC" if fragment.descending else ""
        order = f" ORDER BY {', '.join(key + direction for key in keys)}" if keys else ""
        limit = f" LIMIT {rendered('$limit')}" if fragment.limited else ""
        return _Opened(
            text=f"{text} WITH {binds}{order}{limit}",
            used=used,
            keys=keys,
            roles={role: rendered(name) for role, name in binding.roles.items()},
        )

    def _call(self, calls: list[str], opened: "_Opened", guard: "_Guard | None", body: Sequence[str]) -> str:
        name = f"y{self._number()}"
        imports, text = dict(opened.used), opened.text
        if guard:
            imports.update(guard.needs)
            text = f"UNWIND (CASE WHEN {guard.text} THEN [1] ELSE [] END) AS g{self._number()} {text}"
        calls.append(" ".join((f"CALL ({', '.join(imports)}) {{", text, *body, f"AS {name} }}")))
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guard:
    """What must hold of a row for a subquery to be asked: its type is one of those with the field. `needs`: variables."""

    text: str
    needs: Mapping[str, None]

    @classmethod
    def of(cls, tag: str, types: Sequence[str], needs: Mapping[str, None], outer: "_Guard | None") -> "_Guard":
        listed = ", ".join(f"'{name}'" for name in types)
        text = f"{tag} IN [{listed}]"
        if outer is None:
            return cls(text=text, needs=needs)
        return cls(text=f"{outer.text} AND {text}", needs={**outer.needs, **needs})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A fragment with its names: `used` variables of the row around it, `roles` that its rows bind."""

    text: str
    used: dict[str, None]
    keys: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict[str, str])


def _by_name(selected: Selected) -> str:
    """Columns stand in this order, whatever the selection's: what is asked for alike has one text."""
    return selected.name


def _parts(selected: Selected) -> Sequence[Selected]:
    """The parts of a connection below one of its fields, itself first."""
    if selected.binding in (Part.EDGES, Part.PAGE_INFO):
        (fields,) = objects_of(selected.output).fields.values()
        return (selected, *fields)
    return (selected,)
