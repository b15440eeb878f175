"""The arguments of fields: how each is declared, checked, and handed to the statement.

An argument becomes a parameter of the statement, or, where it decides the statement's text (an order, a level, whether a
filter is there), part of its shape. What is absent becomes a sentinel, so that one text serves whatever is given.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import strawberry

from api.cursors import Seal
from api.errors import BadUserInput
from graph import dates
from graph.engine import Engine
from graph.money import CURRENCIES

#: Rows of a page: as asked for by default, at most, and at most in lists that fill pickers.
PAGE, MOST, PICKER = 20, 100, 500
#: Ids one question may ask for, and characters of a text.
IDS, TEXT = 100, 1_000
#: The end of time, as epoch ms: what was recorded and not retracted.
ALL_TIME = 2**53
ABSENT = object()


@strawberry.input(description="A period: days, months or years, both ends included.")
class Period:
    from_: str = strawberry.field(name="from", description="First day, month or year of it, such as 2019 or 2019-07.")
    to: str = strawberry.field(description="Last day, month or year of it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of a request the arguments are read with: its moment, the key of cursors, the engine that is asked."""

    now: datetime
    seal: Seal
    engine: Engine = Engine.EMBEDDED


@dataclass(slots=True)
class Prepared:
    """Arguments as the statement takes them. `time`: parameters of the time asked about, empty where it is inherited."""

    shape: dict[str, Any] = field(default_factory=dict[str, Any])
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    time: dict[str, Any] = field(default_factory=dict[str, Any])


Put = Callable[[Any, Prepared], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument. `shapes`: its value decides the text of the statement; `put` is not called where it is absent.

    `entity`: its value is the id of an entity, and the field is null, with an error, where there is none.
    """

    name: str
    type: Any
    description: str
    put: Put
    default: Any = ABSENT
    shapes: bool = False
    entity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments of a field, in order; `most` rows of a page, 0 where it is none."""

    declared: tuple[Argument, ...] = ()
    most: int = 0

    def entities(self, prepared: Prepared) -> tuple[str, ...]:
        """Parameters that are ids of entities which must be there."""
        return tuple(one.name for one in self.declared if one.entity and one.name in prepared.parameters)

    def timed(self) -> "Arguments":
        """The same with the arguments of the time asked about."""
        return replace(self, declared=(*self.declared, *TIME))

    def prepare(self, given: Mapping[str, Any], asked: Asked) -> Prepared:
        """Raises BadUserInput. `given`: values by GraphQL name; enums as their members."""
        prepared = Prepared()
        for argument in self.declared:
            value = given.get(argument.name, None if argument.default is ABSENT else argument.default)
            if value is not None:
                argument.put(value, prepared)
        self.finish(given, asked, prepared)
        return prepared

    def finish(self, given: Mapping[str, Any], asked: Asked, prepared: Prepared) -> None:
        """What takes several arguments together."""
        if given.get("asOf") is not None and given.get("during") is not None:
            raise BadUserInput("asOf and during are both given: ask for a day or for a period")
        if prepared.time:
            prepared.time["today"] = asked.now.astimezone(UTC).date().isoformat()


NO_ARGUMENTS = Arguments()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArguments(Arguments):
    """Arguments of a page: `orders` are the keys' sentinels by order, `listing` names the list in its cursors."""

    listing: str
    orders: Mapping[str, Sequence[Any]]

    def finish(self, given: Mapping[str, Any], asked: Asked, prepared: Prepared) -> None:
        Arguments.finish(self, given, asked, prepared)
        order = prepared.shape.get("order") or next(iter(self.orders))
        prepared.shape["order"] = order
        prepared.shape["list"] = name = f"{self.listing}:{order}"
        after = given.get("after")
        first = self.orders[order]
        keys = first if after is None else asked.seal.opened(name, after, [type(key) for key in first])
        prepared.parameters.update({f"k{n}": key for n, key in enumerate(keys)}, behind=after is not None)


def checked_text(value: Any, name: str) -> str:
    """A text or id as it may go to the database."""
    if len(value) > TEXT:
        raise BadUserInput(f"{name} has {len(value)} characters: at most {TEXT} are taken")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadUserInput(f"{name} holds half a character (a lone surrogate)")
    return value


def text(name: str, description: str, *, type_: Any = str, required: bool = False) -> Argument:
    """A text or id that is a parameter."""

    def put(value: Any, prepared: Prepared) -> None:
        prepared.parameters[name] = checked_text(value, name)

    return Argument(name=name, type=type_ if required else type_ | None, description=description, put=put)


def entity_id(name: str, description: str, *, required: bool = True) -> Argument:
    """The id of the entity a question is about: one that can be none is refused, since nothing would be found."""

    def put(value: Any, prepared: Prepared) -> None:
        checked_text(value, name)
        if ":" not in value:
            code = value.isascii() and value.isdigit()
            hint = f"did you mean cn:{value}?" if code else "place(code:) and search give them"
            raise BadUserInput(f"{name} is {value[:100]!r}: ids look like cn:530724; {hint}")
        prepared.parameters[name] = value
        prepared.shape[name] = True

    type_ = strawberry.ID if required else strawberry.ID | None
    return Argument(name=name, type=type_, description=description, put=put, entity=True)


def checked_currency(value: str, _name: str = "currency") -> str:
    if value not in CURRENCIES:
        raise BadUserInput(f"currency is {value[:40]!r}: give an ISO 4217 code such as CNY")
    return value


def via(kinds: type[Enum], description: str) -> Argument:
    """Types of facts that are followed."""

    def put(value: Any, prepared: Prepared) -> None:
        prepared.shape["via"] = tuple(sorted({one.value for one in value}))

    return Argument(name="via", type=list[kinds] | None, description=description, put=put, shapes=True)  # pyright: ignore[reportOperatorIssue]


def where(
    name: str,
    property_name: str,
    type_: Any,
    description: str,
    *,
    required: bool = False,
    default: Any = ABSENT,
    check: Callable[[str, str], str] = checked_text,
    entity: bool = False,
) -> Argument:
    """A filter: only rows whose property has the value; `check` gets a text and the argument's name."""

    def put(value: Any, prepared: Prepared) -> None:
        stored = value.value if isinstance(value, Enum) else check(value, name)
        prepared.parameters[property_name] = stored
        prepared.shape["where"] = (*prepared.shape.get("where", ()), property_name)

    return Argument(
        name=name, type=type_ if required else type_ | None, description=description, put=put, default=default, entity=entity
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of rows by a property."""

    name: str
    type: Any
    description: str


def where_all(name: str, description: str, filters: Sequence[Filter]) -> Argument:
    """The argument `where`: an input type of optional filters that all have to fit."""
    attributes: dict[str, Any] = {"__annotations__": {f"{f.name}_": f.type | None for f in filters}}
    for one in filters:
        attributes[f"{one.name}_"] = strawberry.field(name=camel(one.name), description=one.description, default=None)
    made = strawberry.input(type(name, (), attributes), name=name, description=description)
    names = {camel(one.name): one.name for one in filters}

    def put(value: Any, prepared: Prepared) -> None:
        for key, given in value.items():
            if given is not None:
                prepared.parameters[names[key]] = given.value if isinstance(given, Enum) else checked_text(given, key)
        fitting = tuple(names[key] for key in sorted(value) if value[key] is not None)
        prepared.shape["where"] = (*prepared.shape.get("where", ()), *fitting)

    return Argument(name="where", type=made | None, description="What to list; everything if absent.", put=put)  # pyright: ignore[reportOperatorIssue]


def camel(text: str) -> str:
    """A name as GraphQL writes those of fields."""
    first, *rest = text.split("_")
    return first + "".join(word.capitalize() for word in rest)


def choice(name: str, type_: Any, description: str, shape: str, default: Any = None) -> Argument:
    """An enum whose value is part of the shape."""

    def put(value: Any, prepared: Prepared) -> None:
        prepared.shape[shape] = value.value if isinstance(value, Enum) else value

    absent = ABSENT if default is None else default
    return Argument(name=name, type=type_ | None, description=description, put=put, default=absent, shapes=True)


def within(description: str) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.parameters["within"] = checked_text(value, "within")
        prepared.shape["within"] = True

    return Argument(name="within", type=strawberry.ID | None, description=description, put=put, entity=True)


def ids() -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        if len(value) > IDS:
            raise BadUserInput(f"ids has {len(value)} ids: at most {IDS} are taken, ask in several questions")
        prepared.parameters["ids"] = [checked_text(one, "ids") for one in value]

    return Argument(name="ids", type=list[strawberry.ID], description=f"At most {IDS} ids.", put=put)


def _first(most: int, size: int) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        if not 1 <= value <= most:
            raise BadUserInput(f"first is {value}: it must lie between 1 and {most}")
        prepared.parameters["limit"] = value + 1  # one more tells whether there is a next page

    return Argument(name="first", type=int, default=size, description=f"Rows of the page, at most {most}.", put=put)


def checked_day(value: str, name: str) -> str:
    """An ISO day."""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) or value > dates.NEVER:
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise BadUserInput(f"{name} is {value[:40]!r}: give a day such as 2020-04-30") from None


def checked_instant(value: str, name: str) -> int:
    """A moment as epoch ms. A day means its end, UTC."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            day = date.fromisoformat(value)
            return _milliseconds(datetime(day.year, day.month, day.day, 23, 59, 59, 999_000, UTC))
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or "W" in value.upper():  # a week is no moment
            raise ValueError
        return _milliseconds(moment)
    except (ValueError, OverflowError):
        message = f"{name} is {value[:40]!r}: give a day or a moment such as 2026-11-23T08:00:00Z"
        raise BadUserInput(message) from None


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)  # exact, which a float is not


def checked_span(value: str, name: str) -> tuple[str, str]:
    """First and last day of a day, month or year."""
    try:
        if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", value) or value >= dates.NEVER:
            raise ValueError
        first, last = dates.span(value)
        return date.fromisoformat(first).isoformat(), date.fromisoformat(last).isoformat()
    except ValueError:
        raise BadUserInput(f"{name} is {value[:40]!r}: give a day, month or year such as 2019-07") from None


def _as_of(value: Any, prepared: Prepared) -> None:
    day = checked_day(value, "asOf")
    prepared.time.update(state_from=day, event_from="", until=day, beyond="9999")


def _during(value: Any, prepared: Prepared) -> None:
    given = value if isinstance(value, Mapping) else {"from": value.from_, "to": value.to}
    first, last = checked_span(given["from"], "during.from")[0], checked_span(given["to"], "during.to")[1]
    if first > last:
        raise BadUserInput(f"during ends ({given['to'][:40]}) before it begins ({given['from'][:40]})")
    prepared.time.update(state_from=first, event_from=first, until=last, beyond=dates.day_after(last))


def _known_on(value: Any, prepared: Prepared) -> None:
    prepared.time["known"] = checked_instant(value, "knownOn")


#: The time asked about; a field without them takes that of the field around it.
TIME = (
    Argument(
        name="asOf",
        type=str | None,
        put=_as_of,
        description="A day: states in force on it, and events that began on or before it.",
    ),
    Argument(
        name="during",
        type=Period | None,
        put=_during,
        description="A period: only what holds or happens at some time in it, be it longer.",
    ),
    Argument(
        name="knownOn",
        type=str | None,
        put=_known_on,
        description="A day or moment: only what this graph had recorded, and not retracted, by then.",
    ),
)


def page(
    listing: str,
    orders: Mapping[str, Sequence[Any]],
    *more: Argument,
    most: int = MOST,
    size: int = PAGE,
    timed: bool = False,
) -> PageArguments:
    """Arguments of a page of a list, with those of its own before; `timed`: with those of the time asked about.

    `size` rows where `first` is absent, `most` rows at most.
    """
    after = Argument(
        name="after",
        type=str | None,
        put=lambda _value, _prepared: None,
        description="A cursor of this list: the page begins behind it.",
    )
    return PageArguments(
        declared=(*more, _first(most, size), after, *(TIME if timed else ())), most=most, listing=listing, orders=orders
    )  # fmt: skip
