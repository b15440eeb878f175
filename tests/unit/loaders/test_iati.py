"""IATI files as read, without a graph: what hostile and broken ones come to, and the texts that ids are made of."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.records import Claim, Entity
from loaders import formats, iati
from loaders.directory import Directory
from loaders.encoding import UnreadableFile
from loaders.iati import reader, texts
from loaders.reading import How, Unit
from loaders.records import LoadError
from loaders.rows import RowBuilder
from tests.checks import SHARED

needs_broken = pytest.mark.skipif(
    not (SHARED / "iati" / "broken").is_dir(), reason="the files that break the schema are not at hand"
)
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
TRANSACTION = (
    '<transaction><transaction-type code="3"/><transaction-date iso-date="2019-07-03"/>'
    '<value value-date="2019-07-03">{}</value></transaction>'
)


def activity(id_: str, *amounts: str, more: str = "") -> str:
    flows = "".join(TRANSACTION.format(amount) for amount in amounts)
    return (
        f'<iati-activity default-currency="USD"><iati-identifier>{id_}</iati-identifier>'
        f"<title><narrative>T</narrative></title>{more}{flows}</iati-activity>"
    )


def document(*activities: str, version: str = "2.03", doctype: str = "") -> bytes:
    return HEAD + f'{doctype}<iati-activities version="{version}">{"".join(activities)}</iati-activities>'.encode()


def read(path: Path, **how: object) -> tuple[list[Unit], list[str]]:
    """Units, and notes, of a file as its content decides."""
    chosen = How(**how)  # pyright: ignore[reportArgumentType]
    with formats.opener(path, chosen)(path, chosen) as (part,):
        units = list(part.units(RowBuilder(Directory(), "source:dataset:test")))
        return units, part.notes()


def reading(folder: Path, content: bytes, **how: object) -> tuple[list[Unit], list[str]]:
    path = folder / "test.xml"
    path.write_bytes(content)
    return read(path, **how)


def amounts(units: list[Unit]) -> list[tuple[str, object]]:
    found = [r for u in units if not u.faults for r in u.records if isinstance(r, Claim) and r.type == "FUNDS"]
    return [(claim.start, claim.values["amount_text"]) for claim in found]


def faults(units: list[Unit]) -> list[tuple[int, str, str, str]]:
    return [(u.line, fault.column, fault.value, fault.reason) for u in units for fault in u.faults]


def projects(units: list[Unit]) -> list[str]:
    return [r.id for u in units for r in u.records if isinstance(r, Entity) and r.label == "Project" and not r.stub]


LAUGHS = "<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ONE = activity("A-1", "5")
#: Files that are refused: how each is made, and what is said of it.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "laughs": (lambda: document(activity("&i;"), doctype=f"<!DOCTYPE x [{LAUGHS}]>"), "document type"),
    "laughs in an attribute of the root": (
        lambda: HEAD + f'<!DOCTYPE x [{LAUGHS}]><iati-activities version="&i;"/>'.encode(),
        "document type",
    ),
    "laughs of parameter entities": (
        lambda: document(
            doctype="<!DOCTYPE x [<!ENTITY % a '<!ENTITY b \"c\">'>" + "%a;" * 100_000 + "]>",
        ),
        "document type",
    ),
    "quadratic": (
        lambda: document(activity("&a;" * 20_000), doctype=f"<!DOCTYPE x [<!ENTITY a '{'x' * 100_000}'>]>"),
        "document type",
    ),
    "a file of the machine": (
        lambda: document(activity("&a;"), doctype="<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
        "document type",
    ),
    "an address": (
        lambda: document(activity("&a;"), doctype="<!DOCTYPE x [<!ENTITY a SYSTEM 'http://127.0.0.1:9/x'>]>"),
        "document type",
    ),
    "an external document type": (
        lambda: document(ONE, doctype="<!DOCTYPE iati-activities SYSTEM 'http://127.0.0.1:9/x.dtd'>"),
        "document type",
    ),
    "an external parameter entity": (
        lambda: document(ONE, doctype="<!DOCTYPE x [<!ENTITY % p SYSTEM 'file:///dev/zero'> %p;]>"),
        "document type",
    ),
    "an empty document type": (lambda: document(ONE, doctype="<!DOCTYPE iati-activities>"), "document type"),
    "a document type in UTF-16": (
        lambda: document(ONE, doctype="<!DOCTYPE x [<!ENTITY a 'b'>]>")
        .decode()
        .replace("UTF-8", "UTF-16")
        .encode("utf-16"),
        "document type",
    ),
    "an entity that nothing declares": (lambda: document(activity("&who;")), "broken XML: Entity 'who' not defined"),
    "depth": (lambda: document(activity("A-1", more="<a>" * 100_000 + "</a>" * 100_000)), "Excessive depth"),
    "cut": (lambda: document(ONE, activity("A-2", "6"))[:-60], "broken XML"),
    "cut in a character": (lambda: document(activity("é"))[:112], "broken XML"),
    "a page": (lambda: b"<!DOCTYPE html><html><body>404</body></html>", "it is an HTML page"),
    "a page without type": (lambda: b"<html><body>Not <b>found</body></html>", "it is an HTML page"),
    "another root": (lambda: b"<grants/>", "its root is <grants>"),
    "an activity as the root": (ONE.encode, "its root is <iati-activity>"),
    "a declaration only": (lambda: HEAD, "broken XML"),
    "a huge attribute": (lambda: document(activity("A-1", more=f'<title a="{"x" * 11_000_000}"/>')), "IATI: such a file|huge"),
    "a huge text": (lambda: document(activity("x" * 11_000_000)), "IATI: such a file|huge"),
    "no element ever ends": (lambda: document("<a/>" * 2_000_000), "more than 2 MB"),
    "unknown elements in an activity": (lambda: document(activity("A-1", more="<a b=''/>" * 1_000_000)), "more than 2 MB"),
    "an encoding that it is not in": (
        lambda: document(activity("café")).decode().encode("cp1252"),
        "name the encoding that it is written in with --encoding",
    ),
    "an encoding that there is not": (lambda: document(ONE).replace(b"UTF-8", b"klingon"), "--encoding"),
    "many of an element": (
        lambda: document(activity("A-1", more='<sector code="11110"/>' * 10_002)),
        "activity A-1 has more than 10,000 of sector",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_files_are_refused_at_once(case: str, tmp_path: Path) -> None:
    make, why = REFUSED[case]
    content = make()
    began = time.process_time()
    with pytest.raises(UnreadableFile, match=why) as refused:
        reading(tmp_path, content)
    assert time.process_time() - began < 2
    assert refused.value.reason.startswith(str(tmp_path / "test.xml"))
    assert "root:" not in refused.value.reason


#: Reads files within a gigabyte of address space and says how each came out, and what the process took at most.
CONFINED = """
import resource, sys
from pathlib import Path
from loaders import iati
from loaders.directory import Directory
from loaders.encoding import UnreadableFile
from loaders.reading import How
from loaders.rows import RowBuilder
from tests.peak import peak_mb

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for name in sys.argv[1:]:
    try:
        with iati.open_file(Path(name), How()) as (part,):
            for unit in part.units(RowBuilder(Directory(), "source:dataset:test")):
                pass
        print("read")
    except UnreadableFile:
        print("refused")
print(int(peak_mb()))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_a_process_survives_all_of_them_with_bounded_memory(tmp_path: Path) -> None:
    files: list[Path] = []
    for n, (make, _) in enumerate(REFUSED.values()):
        files.append(tmp_path / f"{n}.xml")
        files[-1].write_bytes(make())
    # an activity of many megabytes, none of which is kept
    files.append(tmp_path / "large.xml")
    result = "<result><indicator><title><narrative>T</narrative></title></indicator></result>"
    files[-1].write_bytes(document(activity("A-1", *["1"] * 20_000, more=result * 200_000)))
    command = [sys.executable, "-c", CONFINED, *map(str, files)]
    *outcomes, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert outcomes == [*["refused"] * len(REFUSED), "read"]
    assert int(peak) < 250


def test_no_address_is_ever_asked(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        for doctype in (
            f"<!DOCTYPE x SYSTEM 'http://127.0.0.1:{port}/x.dtd'>",
            f"<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:{port}/p'> %p;]>",
        ):
            with pytest.raises(UnreadableFile):
                reading(tmp_path, document(ONE, doctype=doctype))
        include = (
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:{port}/y" parse="text"/>'
        )
        units, _ = reading(tmp_path, document(activity("A-1", "5", more=include)))
        assert amounts(units) == [("iati:A-1", "5")]
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_is_sound_is_read_beside_what_is_not(tmp_path: Path) -> None:
    bad = activity(
        "A-2", "1", "12万", "2", more='<recipient-country code="ZZ"/><sector code="15110" percentage="half"/>'
    )
    nameless, endless = activity("", "7"), activity("x" * 3_000, "8")
    content = document("\n", activity("A-1", "5"), "\n", bad, "\n", nameless, "\n", endless, "\n", activity("A-3", "6"))
    units, _ = reading(tmp_path, content)
    assert projects(units) == ["iati:A-1", "iati:A-2", "iati:A-3"]
    assert amounts(units) == [("iati:A-1", "5"), ("iati:A-2", "1"), ("iati:A-2", "2"), ("iati:A-3", "6")]
    told = faults(units)
    assert [(line, column, value[:9]) for line, column, value, _ in told] == [
        (4, "transaction/value", "12万"),
        (4, "recipient-country/@code", "ZZ"),
        (5, "iati-identifier", ""),
        (6, "iati-identifier", "x" * 9),
    ]
    assert [reason for *_, reason in told] == [
        "'12万': the unit 万 belongs in the header; or write 120000 (activity A-2)",
        "is no country code of ISO 3166; write two letters such as SN (activity A-2)",
        "is empty: the activity is left out, with its 1 transactions and budgets",
        "has more than 600 characters; an identifier is needed: the activity is left out, "
        "with its 1 transactions and budgets",
    ]
    (sector,) = [r for u in units for r in u.records if isinstance(r, Claim) and r.type == "HAS_SECTOR"]
    assert sector.values == {"certainty": "stated", "note": "percentage as read: 'half', which is no number"}


DATED = '<transaction-date iso-date="2019-07-03"/>'


@pytest.mark.parametrize(
    ("transaction", "column", "value", "reason"),
    [
        ("<value>1</value>", "transaction-date/@iso-date", "", "'': is empty"),
        (
            '<transaction-date iso-date="2019-02-30"/><value>1</value>',
            "transaction-date/@iso-date",
            "2019-02-30",
            "no day",
        ),
        (
            '<transaction-date iso-date="03/04/2019"/><value>1</value>',
            "transaction-date/@iso-date",
            "03/04/2019",
            "ambig",
        ),
        ('<transaction-date iso-date="2019"/><value>1</value>', "transaction-date/@iso-date", "2019", "a day such as"),
        (DATED, "value", "", "is missing"),
        (f"{DATED}<value/>", "value", "", "is empty"),
        (f"{DATED}<value>1e6</value>", "value", "1e6", "exponent"),
        (f"{DATED}<value>NaN</value>", "value", "NaN", "no number"),
        (f"{DATED}<value>(500)</value>", "value", "(500)", "ambiguous"),
        (f"{DATED}<value>{'9' * 30}</value>", "value", "9" * 30, "largest amount"),
        (f'{DATED}<value currency="XXX">1</value>', "value/@currency", "XXX", "means no currency"),
        (f"{DATED}<value>1</value><value>2</value>", "value", "", "stands twice"),
    ],
)
def test_a_transaction_that_cannot_be_used_is_named(
    transaction: str, column: str, value: str, reason: str, tmp_path: Path
) -> None:
    bad = f'<transaction><transaction-type code="3"/>{transaction}</transaction>'
    units, _ = reading(tmp_path, document("\n\n", activity("A-1", "5", more=bad)))
    (told,) = faults(units)
    assert told[:3] == (4, f"transaction/{column}", value)
    assert reason in told[3] and told[3].endswith("(activity A-1)")
    assert amounts(units) == [("iati:A-1", "5")] and projects(units) == ["iati:A-1"]


def test_types_and_currencies_that_are_missing_are_named(tmp_path: Path) -> None:
    flows = TRANSACTION.format("1").replace('code="3"', 'code="14"') + TRANSACTION.format("2").replace('code="3"', "")
    units, _ = reading(tmp_path, document(activity("A-1", "3", more=flows).replace(' default-currency="USD"', "")))
    assert [fault[1:3] for fault in faults(units)] == [
        ("transaction/transaction-type/@code", "14"),
        ("transaction/value/@currency", ""),
        ("transaction/transaction-type/@code", ""),
        ("transaction/value/@currency", ""),
        ("transaction/value/@currency", ""),
    ]


def test_an_amount_is_read_whole_through_comments_and_sections(tmp_path: Path) -> None:
    units, _ = reading(
        tmp_path, document(activity("A-1", "10<!-- and -->00", "<![CDATA[2]]>5.5", "&#49;7", " -3.10\n"))
    )
    assert amounts(units) == [("iati:A-1", text) for text in ("1000", "25.5", "17", "-3.10")]


def test_identifiers_that_come_again_are_told_and_kept(tmp_path: Path) -> None:
    units, notes = reading(tmp_path, document(activity("A-1", "5"), "\n", activity("A-1", "5"), activity("A-2", "1")))
    assert projects(units) == ["iati:A-1", "iati:A-1", "iati:A-2"]
    assert amounts(units) == [("iati:A-1", "5"), ("iati:A-1", "5"), ("iati:A-2", "1")]
    assert notes[1:] == [
        "test.xml: 1 activities with an identifier that another has too; both are kept as said of one activity; "
        "the first: activity A-1, line 3"
    ]


def test_transactions_alike_are_told_apart(tmp_path: Path) -> None:
    units, _ = reading(tmp_path, document(activity("A-1", "5", "5.0", "6")))
    told = [r.values["transaction"] for u in units for r in u.records if isinstance(r, Claim) and r.type == "FUNDS"]
    assert told == ["2019-07-03; 5 USD; 1", "2019-07-03; 5 USD; 2", "2019-07-03; 6 USD; 1"]


def test_an_activity_of_many_transactions_is_handed_on_in_pieces(tmp_path: Path) -> None:
    many = [str(n) for n in range(12_000)]
    units, notes = reading(tmp_path, document(activity("A-1", *many)))
    assert [amount for _, amount in amounts(units)] == many
    assert notes == ["test.xml: IATI 2.03: 12,000 transactions, 1 activities"]
    assert len({unit.place for unit in units}) == len(units)  # all of them in one line


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "windows-1252"),
        ("utf-8-sig", "UTF-8"),
    ],
)
def test_encodings(encoding: str, declared: str, tmp_path: Path) -> None:
    text = document(activity("A-1", "5").replace("T<", "café<")).decode().replace("UTF-8", declared)
    units, _ = reading(tmp_path, text.encode(encoding))
    (project,) = [r for u in units for r in u.records if isinstance(r, Entity) and r.label == "Project"]
    assert project.values["name"] == "café"


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    content = document(activity("A-1").replace("T<", "café<")).decode().encode("cp1252")
    units, _ = reading(tmp_path, content, encoding="windows-1252")
    assert next(r for u in units for r in u.records if isinstance(r, Entity)).values["name"] == "café"
    with pytest.raises(LoadError, match="there is no encoding klingon"):
        reading(tmp_path, content, encoding="klingon")


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.xml"
    path.write_bytes(document(ONE))
    with iati.open_file(path, How()) as (part,), pytest.raises(UnreadableFile, match="has changed while it was read"):
        for _ in part.units(RowBuilder(Directory(), "source:dataset:test")):
            path.write_bytes(document(ONE))


def test_versions_are_told(tmp_path: Path) -> None:
    assert reading(tmp_path, document(version="1.04"))[1] == [
        "test.xml: IATI 1.04: nothing",
        "test.xml: a version before 2.01, or none: read as far as it maps to 2.03",
    ]
    assert reading(tmp_path, document(version="2.99"))[1][1:] == [
        "test.xml: the version 2.99 is not known here: read as 2.03"
    ]


def test_percentages_that_are_too_much_are_told(tmp_path: Path) -> None:
    shares = '<recipient-country code="SN" percentage="60"/><recipient-region code="298" percentage="42"/>'
    sectors = '<sector code="11110" percentage="50"/><sector code="11110" percentage="51"/><sector vocabulary="2" code="111"/>'
    units, notes = reading(tmp_path, document(activity("A-1", more=shares + sectors)))
    said = {r.end: r.values for u in units for r in u.records if isinstance(r, Claim)}
    assert said == {
        "iso:SN": {"certainty": "stated", "share": "60"},
        "group:dac-298": {"certainty": "stated", "share": "42"},
        "sector:dac-5:11110": {"certainty": "stated", "percentage": "101", "note": "listed 2 times: 50, 51"},
        "sector:dac-3:111": {"certainty": "stated"},
    }
    assert notes[1:] == [
        "test.xml: 1 activities with percentages of more than 101 in all; kept as read; "
        "the first: activity A-1, line 2: countries and regions, 102"
    ]


PLANNED = (
    '<planned-disbursement type="{}"><period-start iso-date="2020-01-01"/><period-end iso-date="2020-03-31"/>'
    '<value value-date="2020-01-01">{}</value><receiver-org ref="SN-TEST-2"/></planned-disbursement>'
)
BUDGET = (
    '<budget type="1"><period-start iso-date="2020-01-01"/><period-end iso-date="2020-12-31"/>'
    '<value value-date="2020-01-01">{}</value></budget>'
)


def told_apart(units: list[Unit]) -> dict[str, set[object]]:
    """By class, what tells the money apart."""
    found: dict[str, set[object]] = {}
    for claim in (r for u in units for r in u.records if isinstance(r, Claim) and r.type == "FUNDS"):
        found.setdefault(str(claim.values["class"]), set()).add(claim.values.get("transaction"))
    return found


def test_planned_disbursements_of_a_period_are_told_apart_and_budgets_are_one(tmp_path: Path) -> None:
    planned = [PLANNED.format(1, amount) for amount in ("1000", "2500", "1000.0")]
    budgets = BUDGET.format(7) + BUDGET.format(8)
    expected = {
        "planned_disbursement": {f"2020-01-01; {what}" for what in ("1000 USD; 1", "1000 USD; 2", "2500 USD; 1")},
        "budget": {None},
    }
    for order in (planned, planned[::-1]):
        units, _ = reading(tmp_path, document(activity("A-1", more="".join(order) + budgets)))
        assert told_apart(units) == expected


def test_texts_are_whole_where_markup_stands_in_them_and_values_are_refused(tmp_path: Path) -> None:
    title = "<title><narrative>Fund <i>for</i> <!-- x -->All</narrative></title>"
    content = document(
        activity("A-1", "1<b/>00", "5").replace("<title><narrative>T</narrative></title>", title),
        "\n",
        activity("A<x/>B", "6"),
    )
    units, _ = reading(tmp_path, content)
    names = [r.values["name"] for u in units for r in u.records if isinstance(r, Entity) and r.label == "Project"]
    assert (names, amounts(units)) == (["Fund for All"], [("iati:A-1", "5")])
    assert faults(units) == [
        (2, "transaction/value", "", "holds the element <b>: write its text without markup (activity A-1)"),
        (
            3,
            "iati-identifier",
            "",
            "holds the element <x>: write its text without markup (an activity without identifier)",
        ),
        (3, "iati-identifier", "", "is missing: the activity is left out, with its 1 transactions and budgets"),
    ]
    old = activity("A-2").replace("<title><narrative>T</narrative></title>", "<title>Fund <i>for</i> All</title>")
    units, _ = reading(tmp_path, document(old, version="1.04"))
    assert [r.values["name"] for u in units for r in u.records if isinstance(r, Entity)] == ["Fund for All"]


def test_markup_in_values_of_organisations_is_refused(tmp_path: Path) -> None:
    budget = (
        '<recipient-country-budget><period-start iso-date="2020-01-01"/><period-end iso-date="2020-12-31"/>'
        '<recipient-country code="SN"/><value currency="EUR" value-date="2020-01-01">{}</value></recipient-country-budget>'
    )
    one = f"<iati-organisation><organisation-identifier>XM-A-1</organisation-identifier>{budget.format('1<b/>0')}{{}}"
    content = (
        f'<iati-organisations version="2.03">{one.format(budget.format(5))}</iati-organisation></iati-organisations>'
    )
    units, _ = reading(tmp_path, HEAD + content.encode())
    assert amounts(units) == [("org:XM-A-1", "5")]
    assert [fault[1] for fault in faults(units)] == ["recipient-country-budget/value"]
    units, _ = reading(tmp_path, HEAD + content.replace("XM-A-1<", "XM<x/>-A-1<").encode())
    assert [fault[1] for fault in faults(units)] == ["organisation-identifier", "organisation-identifier"]
    assert amounts(units) == []


@pytest.mark.parametrize(
    "position", ["<point><pos>0 0</pos></point>", '<coordinates latitude="0.0" longitude="-0.00"/>']
)
def test_a_position_at_0_0_is_none(tmp_path: Path, position: str) -> None:
    where = f"<location><name><narrative>Louga</narrative></name>{position}</location><location>{position}</location>"
    units, notes = reading(
        tmp_path, document(activity("A-1", more=where + "<location><point><pos>0 5.50</pos></point></location>"))
    )
    places = {
        r.id: r.values.get("latitude")
        for u in units
        for r in u.records
        if isinstance(r, Entity) and r.label == "Locality"
    }
    assert places == {"locality:test:louga": None, "locality:0,5.5": 0.0}
    assert notes[1:] == [
        "test.xml: 2 positions of 0 0, which stand for none; left out; the first: activity A-1, line 2",
        "test.xml: 1 locations without code, point and name; left out; the first: activity A-1, line 2",
    ]


def with_places(*places: str) -> str:
    return TRANSACTION.format(5).replace("</transaction>", f"{''.join(places)}</transaction>")


def test_a_transaction_for_several_countries_is_not_split(tmp_path: Path) -> None:
    flow = with_places(
        '<recipient-country code="KE"/>', '<recipient-country code="UG"/>', '<recipient-country code="KE"/>'
    )
    units, notes = reading(tmp_path, document(activity("A-1", more=flow)))
    (money,) = [r.values for u in units for r in u.records if isinstance(r, Claim) and r.type == "FUNDS"]
    assert (money.get("place"), money["note"]) == (None, "for several places: iso:KE, iso:UG")
    located = [(r.end, r.values) for u in units for r in u.records if isinstance(r, Claim) and r.type == "LOCATED_IN"]
    assert located == [("iso:KE", {"certainty": "implied"}), ("iso:UG", {"certainty": "implied"})]
    told = "1 transactions for several countries or regions; not split; the first: activity A-1, line 2"
    assert notes[1:] == [f"test.xml: {told}"]


def test_a_bad_country_does_not_lose_the_sum_of_its_transaction(tmp_path: Path) -> None:
    units, _ = reading(tmp_path, document(activity("A-1", more=with_places('<recipient-country code="UK"/>'))))
    assert amounts(units) == [("iati:A-1", "5")]
    assert faults(units) == [
        (
            2,
            "transaction/recipient-country/@code",
            "UK",
            "is no country code of ISO 3166; write two letters such as SN; its sum is loaded without it (activity A-1)",
        )
    ]
    (money,) = [r.values for u in units for r in u.records if isinstance(r, Claim) and r.type == "FUNDS"]
    assert (money.get("place"), money["note"]) == (None, "recipient-country as read: UK")


def test_shares_below_0_are_refused(tmp_path: Path) -> None:
    shares = (
        '<sector code="11110" percentage="-5"/><sector code="11120" percentage="105"/>'
        '<recipient-country code="SN" percentage="-1"/>'
    )
    units, notes = reading(tmp_path, document(activity("A-1", more=shares)))
    assert [fault[:3] for fault in faults(units)] == [
        (2, "recipient-country/@percentage", "-1"),
        (2, "sector/@percentage", "-5"),
    ]
    assert {r.end: r.values for u in units for r in u.records if isinstance(r, Claim)} == {
        "sector:dac-5:11120": {"certainty": "stated", "percentage": "105"}
    }
    assert notes[1:] == [
        "test.xml: 1 activities with percentages of more than 101 in all; kept as read; "
        "the first: activity A-1, line 2: sectors of dac-5, 105"
    ]


@pytest.mark.parametrize(
    "ref", ["47000", "XM-DAC-47000", "Non-governmental organisation", "XX-XXX-0", "TBC-TBC", "12000"]
)
def test_a_placeholder_joins_nobody(tmp_path: Path, ref: str) -> None:
    parties = "".join(
        f'<participating-org role="1" ref="{ref}"><narrative>{name}</narrative></participating-org>'
        for name in ("Sahel Forum", "Asia Network", "")
    )
    reporting = '<reporting-org ref="XM-A-1"><narrative>R</narrative></reporting-org>'
    units, notes = reading(tmp_path, document(activity("A-1", more=reporting + parties)))
    found = {r.id: r.values for u in units for r in u.records if isinstance(r, Entity) and r.label == "Organization"}
    assert found == {
        "org:XM-A-1": {"name": "R", "identifiers": ["org-id:XM-A-1"]},
        "org:XM-A-1:sahel-forum": {"name": "Sahel Forum"},
        "org:XM-A-1:asia-network": {"name": "Asia Network"},
    }
    told = "participating organizations with neither a name nor an identifier of their own; left out"
    assert notes[1:] == [f"test.xml: 1 {told}; the first: activity A-1, line 2"]


# --- the schema -------------------------------------------------------------------------------------------------------


def valid(id_: str, *amounts: str) -> str:
    """An activity as the schema has it, in its order."""
    reporting = '<reporting-org ref="XM-A-1" type="10"><narrative>R</narrative></reporting-org>'
    rest = (
        "<description><narrative>D</narrative></description>"
        '<participating-org role="1" ref="XM-A-1"/><activity-status code="2"/>'
        '<activity-date type="1" iso-date="2019-01-01"/>'
    )
    return activity(id_, *amounts, more=rest).replace("<title>", f"{reporting}<title>")


def test_validation_leaves_out_and_names_what_the_schema_refuses(tmp_path: Path) -> None:
    broken = valid("A-2", "1").replace("<title>", "<title/><title>")
    content = document("\n", valid("A-1", "5"), "\n", broken, "\n", valid("A-3", "6"))
    units, _ = reading(tmp_path, content, validate=True)
    assert projects(units) == ["iati:A-1", "iati:A-3"]
    assert amounts(units) == [("iati:A-1", "5"), ("iati:A-3", "6")]
    assert {(line, reason[-14:]) for line, _, _, reason in faults(units)} == {(4, "(activity A-2)")}
    assert "the schema 2.03 refuses it" in faults(units)[0][3]
    assert len(amounts(reading(tmp_path, content)[0])) == 3


def test_validation_needs_a_version_that_has_a_schema(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"--validate is for IATI 2.0x; the file states the version 1.04"):
        reading(tmp_path, document(valid("A-1"), version="1.04"), validate=True)
    with pytest.raises(UnreadableFile, match=r"the schema 2.03 refuses <iati-activities>"):
        reading(tmp_path, document(valid("A-1")).replace(b"2.03", b'2.03" generated-datetime="now'), validate=True)


@needs_broken
def test_files_that_break_the_schema(tmp_path: Path) -> None:
    files = sorted((SHARED / "iati" / "broken" / "activity-fail-2.03").rglob("*.xml"))
    assert len(files) == 323
    for path in files:
        read(path)  # no exception but the loader's own
        try:
            units, _ = read(path, validate=True)
        except (UnreadableFile, LoadError):
            continue
        assert faults(units) and not projects(units), path


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ref",
    ["XM-DAC-928", "GB-CHC-1047501", "41119", "US-GOV-1", "NL-KVK-412 08", "DAC-1601", "US-USAGOV", "US-501c3-52", "GB-1",
     "gb-chc-1", "360G-Trust", "XI-IATI-EC_INTPA", "XM-DAC-301-1", "GB-CHC-1000"],
)  # fmt: skip
def test_identifiers(ref: str) -> None:
    assert texts.is_identifier(ref)


@pytest.mark.parametrize(
    "ref",
    ["", "0", "N/A", "n-a", "1", "12000", "41AAA", "-", "XM-", "a\x85-b", "x-" * 400, "41000", "XM-DAC-61000", "XX-XXX-0",
     "TBC-TBC", "GB-CHC-000", "not-applicable", "Non-governmental organisation", "Co-operative", "Covid-19"],
)  # fmt: skip
def test_what_is_no_identifier_of_one_organization(ref: str) -> None:
    assert not texts.is_identifier(ref)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Export-Import Bank of China, Government Agency", "export-import-bank-of-china-government-agency"),
        ("  Société Générale ", "société-générale"),
        ("国家开发银行", "国家开发银行"),
        ("ＡＢＣ_d", "abc-d"),
        ("…", ""),
        ("दाल", "दाल"),
        ("दिल", "दिल"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert texts.slug(name) == slug


@pytest.mark.parametrize(
    "text", ["2019-07-03", "2019-07-03Z", "2019-07-03+02:00", "2019-07-03T00:00:00", "2019-07-03T10:00:00.5Z"]
)
def test_days_in_the_forms_of_xml(text: str) -> None:
    assert texts.day(text) == "2019-07-03"


def test_the_reader_takes_what_looks_like_xml() -> None:
    assert iati.fits(b"<iati-activities/>") and iati.fits(b"\xef\xbb\xbf \n<?xml") and iati.fits("<a".encode("utf-16"))
    assert not iati.fits(b"a,b\n<c>,d") and not iati.fits(b"") and not iati.fits(b"< 5,b")


def test_all_children_of_the_schema_are_read() -> None:
    """What the schema lists below an activity and an organisation is what the reader asks for, and what 1.0x had."""
    for root, file, record in (
        (reader.ACTIVITIES, "iati-activities-schema.xsd", "iati-activity"),
        (reader.ORGANISATIONS, "iati-organisations-schema.xsd", "iati-organisation"),
    ):
        schema = reader.etree.parse(str(Path(iati.__file__).parents[2] / "third_party/iati/schemas" / file))
        xsd = {"x": "http://www.w3.org/2001/XMLSchema"}
        children = f"/x:schema/x:element[@name='{record}']/x:complexType/*/x:element"
        listed = {e.get("ref") or e.get("name") for e in schema.xpath(children, namespaces=xsd)}
        assert len(listed) > 7
        assert set(reader.ELEMENTS[root]) - {"activity-website"} == listed | {"iati-identifier"}


def test_countries_are_the_entities_they_are_elsewhere(tmp_path: Path) -> None:
    codes = "".join(f'<recipient-country code="{code}"/>' for code in ("SN", "CN", "HK"))
    units, _ = reading(tmp_path, document(activity("A-1", "1", more=codes)))
    named = {
        record.id: (record.label, record.values.get("name"), record.values.get("code"))
        for unit in units
        for record in unit.records
        if isinstance(record, Entity) and record.label in ("Country", "Province")
    }
    assert named == {
        "iso:SN": ("Country", "Senegal", "SN"),
        "iso:CN": ("Country", "中国", "CN"),
        "cn:810000": ("Province", "中国香港", "810000"),
    }


def test_how_far_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "many.xml"
    one = "<iati-activity><iati-identifier>XM-DAC-1-{}</iati-identifier>{}</iati-activity>"
    body = "".join(one.format(n, f"<title><narrative>{'x' * 300}</narrative></title>") for n in range(500))
    path.write_text(f'<iati-activities version="2.03">{body}</iati-activities>', "utf-8")
    with reader.open_document(path) as document:
        shares = [document.share() for event in document.events() if event.element is None]
    assert shares == sorted(shares) and 0 < shares[0] < 0.5 and shares[-1] == 1.0


@pytest.mark.parametrize("ref", ["GB-CHC-1", "CN-机构-1", "NL-KVK-412 08", "XI-PB-a|b#c%", " GB-CHC-1 "])
def test_an_identifier_is_one_organization_whatever_the_format(tmp_path: Path, ref: str) -> None:
    more = f'<participating-org role="1" ref="{ref}"><narrative>Body</narrative></participating-org>'
    units, _ = reading(tmp_path, document(activity("A-1", more=more)))
    made = {r.id for u in units for r in u.records if isinstance(r, Entity) and r.label == "Organization"}
    grants = tmp_path / "grants.csv"
    header = "Identifier,Title,Amount Awarded,Currency,Award Date,Funding Org:Identifier,Funding Org:Name,"
    row = f"360G-a-1,T,5,GBP,2019-07-03,{ref},Body,{ref},Body"
    grants.write_text(f"{header}Recipient Org:Identifier,Recipient Org:Name\n{row}\n", "utf-8")
    units, _ = read(grants)
    assert made == {r.id for u in units for r in u.records if isinstance(r, Entity) and r.label == "Organization"}
    assert len(made) == 1
