"""The record of a compiled selection made into the data of an answer.

The assembler is generated Python without a check it does not need; where a record is not what the schema promises (null
where it must not be, an integer past 32 bits) it gives up with Anomaly, and `Careful` walks the same record value by
value, as GraphQL's rules of errors and null propagation want it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.bindings import Binding, Inner, Many, Maybe, Means, Objects, One, Output, Part, Selected, Value

#: What GraphQL's Int can hold.
INT = 2**31


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a plan: the values of $p, and what the server brings."""

    p: Mapping[str, Any]
    means: Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A value that the schema does not allow: GraphQL reports it at `path` and puts null there or further up."""

    message: str
    path: list[str | int]
    where: Any


class Anomaly(Exception):
    """The record holds what the fast assembler does not treat."""


class Unanswerable(Exception):
    """A value that had to be null where it must not be: travels up to the next that may."""


@dataclass(slots=True)
class Layout:
    """Where the columns of an object stand in its list: by selected field; the stored type comes first, if it is there."""

    objects: Objects
    at: dict[int, int] = field(default_factory=dict[int, int])
    inner: "dict[int, Layout | PageLayout]" = field(default_factory=dict)


@dataclass(slots=True)
class PageLayout:
    """A page is [rows, total]; each row [keys, object of each selection of node or nodes]."""

    keys: bool = False
    rows: bool = False
    at: dict[int, int] = field(default_factory=dict[int, int])
    inner: dict[int, Layout] = field(default_factory=dict[int, Layout])


def objects_of(output: Output) -> Objects:
    while output.item is not None:
        output = output.item
    assert output.objects is not None
    return output.objects


def _given(value: str) -> str:
    """The expression of a value that must not be null; read twice where that costs less than a call."""
    if value.startswith(("r[", "y")):
        return f"({value} if {value} is not None else absent())"
    return f"given({value})"


def given(value: Any) -> Any:
    return absent() if value is None else value


def absent() -> Any:
    raise Anomaly


def integer(value: Any) -> Any:
    if value is not None and (type(value) is not int or not -INT <= value < INT):
        raise Anomaly
    return value


def floating(value: Any) -> Any:
    return None if value is None else float(value)


class Assembler:
    """Generates the functions that turn lists into dictionaries, in the order of the selection."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names: dict[str, Any] = {"given": given, "absent": absent, "integer": integer, "floating": floating}

    def function(self, name: str) -> Callable[[Any, Run], dict[str, Any]]:
        exec(compile("\n".join(self._lines), "<plan>", "exec"), self._names)  # noqa: S102 - text made here, of names made here
        made = self._names[name]

        def assemble(record: Any, run: Run) -> dict[str, Any]:
            try:
                return made(record, run)
            except (TypeError, KeyError, IndexError, ValueError):
                raise Anomaly from None

        return assemble

    def _name(self, value: Any) -> str:
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def object(self, layout: Layout) -> str:
        """Name of the function of an object's list."""
        made: dict[tuple[int, ...], str] = {}
        by_type: dict[str, str] = {}
        bodies: list[str] = []
        for stored, fields in layout.objects.fields.items():
            typed = any(f.binding is Part.TYPENAME for f in fields)
            same = (*map(id, fields), *([hash(stored)] if typed else []))
            if same not in made:
                named = layout.objects.names[stored]
                pairs = (f"{f.key!r}: {self._value(f, layout, named)}" for f in fields)
                bodies.append(f"return {{{', '.join(pairs)}}}")
                made[same] = self._define(bodies[-1])
            by_type[stored] = made[same]
        if not layout.objects.tag:
            return next(iter(by_type.values()))
        table: dict[str, Any] = {}
        name = self._name(table)
        self._lines.append("; ".join(f"{name}[{stored!r}] = {function}" for stored, function in by_type.items()))
        if len(made) == 1:  # all types alike: no dispatch, but a type that is none of them is not answered
            return self._define(f"{name}[r[0]]", bodies[0])
        return self._define(f"return {name}[r[0]](r, q)")

    def _define(self, *body: str) -> str:
        name = f"f{len(self._lines)}"
        self._lines.append(f"def {name}(r, q):\n " + "\n ".join(body))
        return name

    def _value(self, selected: Selected, layout: Layout, typename: str) -> str:
        if selected.binding is Part.TYPENAME:
            return repr(typename)
        value = f"r[{layout.at[id(selected)]}]"
        if isinstance(selected.binding, Value):
            if selected.binding.given:
                value = f"{self._name(selected.binding.given)}({value}, q.means)"
            elif selected.binding.compute:
                value = f"{self._name(selected.binding.compute)}({value})"
            return self._leaf(selected.output, value)
        inner = layout.inner[id(selected)]
        if isinstance(inner, PageLayout):
            return f"{self._page(selected, inner)}({value}, q)"
        function = self.object(inner)
        if isinstance(selected.binding, Inner):
            call = f"{function}({value}, q)"
            return f"(None if {value} is None else {call})" if selected.output.nullable else call
        if isinstance(selected.binding, One):
            call = f"{function}({value}[0], q)"
            return f"({call} if {value} else None)" if selected.output.nullable else call
        if isinstance(selected.binding, Maybe):
            return f"[None if x[0] is None else {function}(x[0], q) for x in {value}]"
        return f"[{function}(x, q) for x in {value}]"

    def _leaf(self, output: Output, value: str) -> str:
        if output.item is not None:
            item = self._leaf(output.item, "y")
            made = value if item == "y" else f"[{item} for y in {value}]"
            return f"(None if {value} is None else {made})" if output.nullable else made
        leaf = output.leaf
        assert leaf is not None
        if leaf.codes is not None:
            codes: dict[str | None, str | None] = {**leaf.codes}
            if output.nullable:
                codes[None] = None
            return f"{self._name(codes)}[{value}]"
        if leaf.kind in ("text", "boolean"):
            return value if output.nullable else _given(value)
        if leaf.kind == "decimal":  # a text, but for sums
            serialize = f"{self._name(leaf.serialize)}({value})"
            made = f"({value} if {value}.__class__ is str else None if {value} is None else {serialize})"
            return made if output.nullable else _given(made)
        made = f"{leaf.kind}({value})"
        if leaf.kind == "other":
            made = f"{self._name(leaf.serialize)}({value})"
            made = f"(None if {value} is None else {made})"
        return made if output.nullable else _given(made)

    def _page(self, selected: Selected, layout: PageLayout) -> str:
        objects = objects_of(selected.output)
        ((typename, fields),) = ((objects.names[stored], fields) for stored, fields in objects.fields.items())
        limit = selected.parameters["limit"]
        cursor = f"q.means.sealed({selected.shape.get('list')!r}, %s[0])"
        head = [f"n = q.p[{limit!r}] - 1", "rows = r[0]", "more = len(rows) > n", "if more: rows = rows[:n]"]

        def part(p: Selected, named: str) -> str:
            binding = p.binding
            if binding in (Part.EDGES, Part.PAGE_INFO):
                ((own, inner),) = (
                    (objects_of(p.output).names[stored], inner) for stored, inner in objects_of(p.output).fields.items()
                )
                pairs = ", ".join(f"{i.key!r}: {part(i, own)}" for i in inner)
                return f"[{{{pairs}}} for x in rows]" if binding is Part.EDGES else f"{{{pairs}}}"
            if binding in (Part.NODE, Part.NODES):
                call = f"{self.object(layout.inner[id(p)])}(x[{layout.at[id(p)]}], q)"
                return call if binding is Part.NODE else f"[{call} for x in rows]"
            made: dict[Binding, str] = {
                Part.TYPENAME: repr(named),
                Part.TOTAL: "given(integer(r[1]))",
                Part.CURSOR: cursor % "x",
                Part.HAS_NEXT: "more",
                Part.HAS_PREVIOUS: f"q.p[{selected.parameters.get('behind')!r}]",
                Part.START: f"({cursor % 'rows[0]'} if rows else None)",
                Part.END: f"({cursor % 'rows[-1]'} if rows else None)",
            }
            return made[binding]

        pairs = ", ".join(f"{f.key!r}: {part(f, typename)}" for f in fields)
        return self._define(*(head if layout.rows else ()), f"return {{{pairs}}}")


class Careful:
    """Walks a record as GraphQL completes values: a failure is noted, and null goes up to what may be null."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.failures: list[Failure] = []

    def object(self, layout: Layout, row: Any, path: list[str | int], where: Any = None) -> dict[str, Any]:
        objects = layout.objects
        stored = row[0] if objects.tag else next(iter(objects.fields))
        if stored not in objects.fields:
            raise self._fail("unknown type", path, where)
        data: dict[str, Any] = {}
        for selected in objects.fields[stored]:
            here = [*path, selected.key]
            if selected.binding is Part.TYPENAME:
                data[selected.key] = objects.names[stored]
                continue
            value = row[layout.at[id(selected)]]
            inner = layout.inner.get(id(selected))
            data[selected.key] = self._nullable(
                selected, lambda s=selected, v=value, i=inner, h=here: self._field(s, v, i, h)
            )
        return data

    def _nullable(self, selected: Selected, completed: Callable[[], Any]) -> Any:
        try:
            return completed()
        except Unanswerable:
            if selected.output.nullable:
                return None
            raise

    def _fail(self, message: str, path: list[str | int], where: Any) -> Unanswerable:
        self.failures.append(Failure(message=message, path=path, where=where))
        return Unanswerable()

    def _field(self, selected: Selected, value: Any, inner: "Layout | PageLayout | None", path: list[str | int]) -> Any:
        if isinstance(inner, PageLayout):
            return self._page(selected, inner, value, path)
        if inner is None:
            if isinstance(selected.binding, Value):
                value = selected.binding.made(value, self._run.means)
            return self._leaf(selected, selected.output, value, path)
        if isinstance(selected.binding, Many | Maybe):
            return self._list(selected, inner, value, path)
        if isinstance(selected.binding, One):
            value = value[0] if value else None
        if value is None:
            return self._none(selected, selected.output, path)
        return self.object(inner, value, path, selected.where)

    def _none(self, selected: Selected, output: Output, path: list[str | int]) -> None:
        if not output.nullable:
            message = f"Cannot return null for non-nullable field {selected.parent}.{selected.name}."
            raise self._fail(message, path, selected.where)

    def _list(self, selected: Selected, layout: Layout, value: Any, path: list[str | int]) -> list[Any]:
        item = selected.output.item
        assert item is not None
        made: list[Any] = []
        for n, row in enumerate(value):
            inner = row[0] if isinstance(selected.binding, Maybe) else row
            try:
                if inner is None:
                    self._none(selected, item, [*path, n])
                made.append(None if inner is None else self.object(layout, inner, [*path, n], selected.where))
            except Unanswerable:
                if not item.nullable:
                    raise
                made.append(None)
        return made

    def _leaf(self, selected: Selected, output: Output, value: Any, path: list[str | int]) -> Any:
        if value is None:
            return self._none(selected, output, path)
        if output.item is not None:
            made: list[Any] = []
            for n, element in enumerate(value):
                try:
                    made.append(self._leaf(selected, output.item, element, [*path, n]))
                except Unanswerable:
                    if not output.item.nullable:
                        raise
                    made.append(None)
            return made
        assert output.leaf is not None
        try:
            return output.leaf.serialize(value)
        except Exception as error:
            raise self._fail(str(error), path, selected.where) from None

    def _page(self, selected: Selected, layout: PageLayout, value: Any, path: list[str | int]) -> dict[str, Any]:
        objects = objects_of(selected.output)
        n = self._run.p[selected.parameters["limit"]] - 1
        found: list[Any] = value[0] or []
        name = selected.shape.get("list")

        def part(p: Selected, typename: str, row: Any, here: list[str | int]) -> Any:
            binding = p.binding
            if binding is Part.TYPENAME:
                return typename
            if binding is Part.PAGE_INFO:
                return fields_of(p, None, here)
            if binding is Part.EDGES:
                return [fields_of(p, r, [*here, i]) for i, r in enumerate(found[:n])]
            if binding is Part.NODES:
                inner = layout.inner[id(p)]
                at = layout.at[id(p)]
                return [self.object(inner, r[at], [*here, i], p.where) for i, r in enumerate(found[:n])]
            if binding is Part.NODE:
                return self.object(layout.inner[id(p)], row[layout.at[id(p)]], here, p.where)
            if binding is Part.TOTAL:
                return self._leaf(p, p.output, value[1], here)
            edge: dict[Binding, Any] = {
                Part.CURSOR: row,
                Part.START: found[0] if found else None,
                Part.END: found[:n][-1] if found else None,
            }
            if binding in edge:
                kept = edge[binding]
                return self._run.means.sealed(name, kept[0]) if kept else None
            return len(found) > n if binding is Part.HAS_NEXT else self._run.p[selected.parameters["behind"]]

        def fields_of(p: Selected, row: Any, here: list[str | int]) -> dict[str, Any]:
            inner = objects_of(p.output)
            ((stored, fields),) = inner.fields.items()
            return {
                f.key: self._nullable(f, lambda f=f: part(f, inner.names[stored], row, [*here, f.key])) for f in fields
            }

        ((stored, fields),) = objects.fields.items()
        return {
            f.key: self._nullable(f, lambda f=f: part(f, objects.names[stored], None, [*path, f.key])) for f in fields
        }
