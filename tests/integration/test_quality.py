"""A chain over three publishers with every kind of broken link, and a real file: what `quality` finds, and follows."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from graph.engine import Graph
from graph.sources.quality import Quality, quality
from graph.sources.transfers import expanded
from graph.tracing.quality import KINDS
from graph.write import flows
from loaders import pipeline
from tests.checks import SHARED

DONOR, BROKER, NGO = "XM-DAC-701", "GB-CHC-202", "UG-NGO-303"
FOOD = SHARED / "iati" / "hdx" / "foodsecurity.xml"


def party(side: str, ref: str, activity: str = "") -> str:
    link = f' {side}-activity-id="{activity}"' if activity else ""
    return f'<{side}-org ref="{ref}" type="22"{link}><narrative>{ref}</narrative></{side}-org>'


def paid(code: int, amount: int, day: str = "2020-03-01", *parties: str) -> str:
    """A transaction of a type: 1 incoming funds, 3 disbursement, 4 expenditure."""
    return (
        f'<transaction><transaction-type code="{code}"/><transaction-date iso-date="{day}"/>'
        f'<value currency="USD" value-date="{day}">{amount}</value>{"".join(parties)}</transaction>'
    )


def activity(publisher: str, name: str, *transactions: str, participants: str = "") -> str:
    return (
        f'<iati-activity default-currency="USD"><iati-identifier>{publisher}-{name}</iati-identifier>'
        f'<reporting-org ref="{publisher}" type="22"><narrative>{publisher}</narrative></reporting-org>'
        f"<title><narrative>{name}</narrative></title><description><narrative>{name}</narrative></description>"
        f'{participants or participant(publisher, 4)}<activity-status code="2"/>'
        f'<activity-date iso-date="2020-01-01" type="2"/><recipient-country code="UG" percentage="100"/>'
        f'<sector vocabulary="1" code="15110" percentage="100"/>{"".join(transactions)}</iati-activity>'
    )


def participant(ref: str, role: int) -> str:
    return f'<participating-org ref="{ref}" role="{role}" type="22"><narrative>{ref}</narrative></participating-org>'


def document(*activities: str) -> str:
    return f'<?xml version="1.0"?><iati-activities version="2.03">{"".join(activities)}</iati-activities>'


def to(publisher: str, name: str) -> str:
    return party("receiver", publisher, f"{publisher}-{name}")


def by(publisher: str, name: str) -> str:
    return party("provider", publisher, f"{publisher}-{name}")


CHAIN = {
    "donor": document(
        activity(
            DONOR,
            "D1",
            paid(1, 1_000),
            paid(3, 600, "2020-03-01", to(BROKER, "I1")),
            paid(3, 150, "2020-03-02", to(BROKER, "I2")),  # which I2 does not report
            paid(3, 20, "2020-03-03", party("receiver", DONOR, f"{DONOR}-D1")),  # itself
            paid(3, 30, "2020-03-04", party("receiver", "ZZ-ABC-9", "QQ-XYZ-1-A")),  # of no one who is known
        )
    ),
    "broker": document(
        activity(
            BROKER,
            "I1",
            paid(1, 600, "2020-03-09", by(DONOR, "D1")),
            paid(1, 40, "2020-03-10", party("provider", DONOR, DONOR)),  # the id of the organization
            paid(3, 500, "2020-04-01", to(NGO, "N1")),
            paid(3, 60, "2020-04-02", party("receiver", NGO, f"{NGO}-GONE")),  # no file has it
            paid(3, 70, "2020-04-03", party("receiver", NGO, f"{NGO}/no good")),
            participants=participant(DONOR, 1) + participant(NGO, 4),
        ),
        activity(BROKER, "I2", paid(4, 10), participants=participant(DONOR, 1) + participant(BROKER, 4)),
        activity(BROKER, "C1", paid(3, 90, "2020-05-01", to(NGO, "C2")), paid(1, 90, "2020-05-02", by(NGO, "C2"))),
    ),
    "ngo": document(
        activity(NGO, "N1", paid(1, 400, "2020-04-01", by(BROKER, "I1")), paid(4, 380, "2020-06-01")),
        activity(NGO, "N2", paid(1, 5), participants=participant("UG-NGO-404", 4)),
        activity(NGO, "C2", paid(1, 90, "2020-05-01", by(BROKER, "C1")), paid(3, 90, "2020-05-02", to(BROKER, "C1"))),
    ),
}


async def load(graph: Graph, *files: Path, **options: bool) -> None:
    for file in files:
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=file.stem, **options))
        assert not report.rejected, report.issues


def told(found: Quality) -> dict[str, list[tuple[str, str]]]:
    return {kind: [(fault.project, fault.value) for fault in found.listed[kind]] for kind in KINDS}


async def test_every_kind_of_broken_link(graph: Graph, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.xml" for name in CHAIN]
    for file in files:
        file.write_text(CHAIN[file.stem], "utf-8")
    await load(graph, *files, validate=True)
    found = await quality(graph)
    donor, broker, ngo = (f"iati:{publisher}-" for publisher in (DONOR, BROKER, NGO))
    assert told(found) == {
        "self_link": [(f"{donor}D1", f"{DONOR}-D1")],
        "organization_id": [(f"{broker}I1", DONOR)],
        "malformed_id": [(f"{broker}I1", f"{NGO}/no%20good")],
        "unknown_prefix": [(f"{donor}D1", "QQ-XYZ-1-A")],
        "unknown_id": [(f"{broker}I1", f"{NGO}-GONE")],
        "provider_without_incoming": [(f"{broker}I2", f"org:{DONOR}")],
        "receiver_without_outgoing": [(f"{ngo}N2", "org:UG-NGO-404")],
        "one_side": [(f"{broker}I2", "cash")],
        "amounts_differ": [(f"{ngo}N1", "500 / 400 USD")],
        "closed_cycle": [(f"{broker}C1", f"{broker}C1 {ngo}C2")],
    }
    assert set(found.counts.values()) == {1}
    await flows.renew(graph)
    down = await expanded(graph, [f"{donor}D1"])
    assert {
        (f.provider, f.receiver, f.used, f.gap) for f in down.flows if f.kind == "transfer" and f.gap is not None
    } == {
        (f"{donor}D1", f"{broker}I1", 60_000, 0),
        (f"{broker}I1", f"{ngo}N1", 50_000, 10_000),
    }
    assert f"{ngo}N1" in down.reached and f"{ngo}C2" not in down.reached
    assert {flow.kind for flow in down.flows if flow.provider == flow.receiver} == {
        "own",
        "end_use",
    }  # no loop is followed
    assert await quality(graph) == found  # of the stored flows
    short = await quality(graph, listed=0)
    assert (short.counts, told(short)) == (found.counts, {kind: [] for kind in KINDS})


def links() -> tuple[set[str], list[tuple[str, str]]]:
    """Ids of the activities of the file, and (own id, id of the other side) of each transaction that gives one."""
    activities = ElementTree.parse(FOOD).getroot().findall("iati-activity")
    found: list[tuple[str, str]] = []
    own: set[str] = set()
    for one in activities:
        id_ = (one.findtext("iati-identifier") or "").strip()
        own.add(id_)
        for transaction in one.findall("transaction"):
            type_ = transaction.find("transaction-type")
            side = "provider" if type_ is not None and type_.get("code") in ("1", "11", "13") else "receiver"
            party = transaction.find(f"{side}-org")
            if party is not None and (other := party.get(f"{side}-activity-id")):
                found.append((id_, other))
    return own, found


@pytest.mark.skipif(not FOOD.is_file(), reason="the files of real publishers are not at hand")
async def test_a_real_file_whose_links_lead_nowhere(graph: Graph) -> None:
    await load(graph, FOOD)
    found = await quality(graph)
    own, named = links()
    assert found.counts == {
        **dict.fromkeys(KINDS, 0),
        "self_link": 15,
        "organization_id": 1,
        "malformed_id": 1,
        "unknown_id": 20,
        "receiver_without_outgoing": 1,
    }
    assert found.counts["self_link"] == sum(one == other for one, other in named)
    assert sum(list(found.counts.values())[:5]) == len(named)  # each link is of one kind
    reported = {
        fault.value for kind in ("organization_id", "malformed_id", "unknown_id") for fault in found.listed[kind]
    }
    assert reported == {other for one, other in named if one != other} and not reported & own
    await flows.renew(graph)
    for id_ in sorted(own):
        down = await expanded(graph, [f"iati:{id_}"], flow_class="")
        followed = {flow.receiver for flow in down.flows if flow.kind == "transfer"}
        assert not followed & {f"iati:{other}" for other in own - {id_}}
