"""A generated IATI file of any size: `python -m bench.iati_file MEGABYTES FILE`; the same size gives the same file.

Activities of many publishers, with what real files have: participants, places, sectors, locations, results, documents,
contacts, budgets and transactions, of which some are alike.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

SEED = 20261123
COUNTRIES = ("SN", "AR", "KE", "PH", "NP", "ML", "HT", "NG", "BO", "LA")
SECTORS = ("11120", "12220", "14030", "15110", "31120", "43040")
FILLER = "Water points for schools and clinics, with training of those who will look after them. "


def activities(megabytes: float) -> Iterator[str]:
    """Activities of about so many megabytes together, as text."""
    choice = random.Random(SEED)
    size, number = 0, 0
    while size < megabytes * 1_000_000:
        number += 1
        text = activity(choice, number)
        size += len(text)
        yield text


def activity(choice: random.Random, number: int) -> str:
    publisher = f"XM-TEST-{choice.randrange(300)}"
    country, sector = choice.choice(COUNTRIES), choice.choice(SECTORS)
    transactions = "".join(transaction(choice, publisher) for _ in range(choice.randrange(4, 24)))
    budgets = "".join(
        f'  <budget type="{1 + year % 2}"><period-start iso-date="{2015 + year}-01-01"/><period-end '
        f'iso-date="{2015 + year}-12-31"/><value value-date="{2015 + year}-01-01">{choice.randrange(10**6)}.50</value></budget>\n'
        for year in range(choice.randrange(4))
    )
    results = "".join(
        f'    <indicator measure="1"><title><narrative>Indicator {n}</narrative></title><period><target value="{n}"/>'
        "</period></indicator>\n"
        for n in range(choice.randrange(6))
    )
    return f"""<iati-activity xml:lang="en" default-currency="USD" hierarchy="1" last-updated-datetime="2024-01-01T00:00:00">
  <iati-identifier>{publisher}-{number}</iati-identifier>
  <reporting-org ref="{publisher}" type="21"><narrative>Publisher {publisher}</narrative></reporting-org>
  <title><narrative>Water {number}</narrative><narrative xml:lang="fr">Eau {number}</narrative></title>
  <description type="1"><narrative>{FILLER * choice.randrange(1, 8)}</narrative></description>
  <participating-org role="1" ref="XM-TEST-{choice.randrange(300)}"><narrative>Funder</narrative></participating-org>
  <participating-org role="4" ref="{publisher}"><narrative>Publisher {publisher}</narrative></participating-org>
  <participating-org role="4"><narrative>Local partner {choice.randrange(2_000)}</narrative></participating-org>
  <activity-status code="2"/>
  <activity-date type="2" iso-date="2016-0{choice.randrange(1, 10)}-01"/>
  <contact-info type="1"><person-name><narrative>Nobody</narrative></person-name></contact-info>
  <recipient-country code="{country}" percentage="100"/>
  <location><location-id vocabulary="G1" code="{choice.randrange(1, 5_000)}"/><name><narrative>A town</narrative></name>
    <point srsName="http://www.opengis.net/def/crs/EPSG/0/4326"><pos>14.5 -17.25</pos></point></location>
  <sector vocabulary="1" code="{sector}" percentage="100"/>
{budgets}{transactions}  <document-link url="https://example.org/{number}" format="text/html">
    <title><narrative>Page</narrative></title></document-link>
  <related-activity type="1" ref="{publisher}-{choice.randrange(1, number + 1)}"/>
  <result type="1"><title><narrative>Result</narrative></title>
{results}  </result>
</iati-activity>
"""


def transaction(choice: random.Random, publisher: str) -> str:
    type_ = choice.choice((1, 2, 3, 3, 3, 4))
    day = f"20{choice.randrange(10, 25)}-{choice.randrange(1, 13):02}-{choice.randrange(1, 29):02}"
    ends = {
        1: f'<provider-org ref="XM-TEST-{choice.randrange(300)}" provider-activity-id="XM-TEST-1-{choice.randrange(1, 900)}"/>',
        3: f"<receiver-org><narrative>Local partner {choice.randrange(2_000)}</narrative></receiver-org>",
    }.get(type_, f'<provider-org ref="{publisher}"/>')
    return (
        f'  <transaction ref="T{choice.randrange(99)}"><transaction-type code="{type_}"/><transaction-date iso-date="{day}"/>'
        f'<value value-date="{day}">{choice.randrange(1, 10**7)}.{choice.randrange(1000):03}</value>{ends}</transaction>\n'
    )


def write(path: Path, megabytes: float) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="2.03">\n')
        file.writelines(activities(megabytes))
        file.write("</iati-activities>\n")


if __name__ == "__main__":
    write(Path(sys.argv[2]), float(sys.argv[1]))
