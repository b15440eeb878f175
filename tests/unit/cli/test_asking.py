"""Names made into ids, options made into variables, and errors of the API made into lines with an exit code."""

from typing import Any

import pytest

from api.execute import Executor
from api.schema import own_schema
from cli import asking
from cli.asking import QUESTIONS, Options, ambiguous, as_id, candidates, period, refusal, relationship_types, within
from cli.console import CommandError
from graph.model import MODEL


def hit(id_: str, type_: str = "COUNTY", match: str = "NAME", **more: Any) -> dict[str, Any]:
    return {"match": match, "entity": {"id": id_, "type": type_, "name": "朝阳区", **more}}


def ids(*hits: dict[str, Any]) -> list[str]:
    return [one["entity"]["id"] for one in candidates(hits)]


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("530724", "cn:530724"),
        (" 530724 ", "cn:530724"),
        ("cn:530724", "cn:530724"),
        ("official:yangpu-discipline:xu-min", "official:yangpu-discipline:xu-min"),
        ("５３０７２４", None),
        ("53072", None),
        ("宁蒗", None),
        ("", None),
    ],
)
def test_ids_and_codes_are_told_from_names(text: str, id_: str | None) -> None:
    assert as_id(text) == id_


def test_only_the_best_way_to_fit_counts() -> None:
    assert ids(hit("a", match="OTHER_NAME"), hit("b", match="READING"), hit("c", match="PART")) == ["a"]
    assert ids(hit("a"), hit("b"), hit("c", match="OTHER_NAME")) == ["a", "b"]
    assert ids(hit("a", match="READING"), hit("b", match="READING")) == ["a", "b"]


def test_what_a_name_only_begins_or_holds_is_no_candidate() -> None:
    assert ids() == ids(hit("a", match="BEGINNING"), hit("b", match="PART")) == []


def test_places_before_organizations_before_others() -> None:
    place, group, company, official = (
        hit("p", "ZONE"),
        hit("g", "PLACE_GROUP"),
        hit("c", "COMPANY"),
        hit("o", "OFFICIAL"),
    )
    assert ids(place, group, company, official) == ["p", "g"]
    assert ids(company, official) == ["c"]
    assert ids(official) == ["o"]
    assert ids(hit("a", match="OTHER_NAME"), company) == ["c"], "a better fit before a place"


def test_several_are_listed_with_where_they_lie() -> None:
    beijing = hit("cn:110105", ancestors=[{"name": "北京市"}, {"name": "中国"}], validTo=None)
    old = hit("cn:220104", ancestors=[{"name": "长春市"}, {"name": "吉林省"}, {"name": "中国"}], validTo="2001")
    refused = ambiguous("朝阳区", [beijing, old])
    assert refused.exit_code == 2
    assert str(refused).splitlines() == [
        "朝阳区 is the name of 2: give the id of the one meant in its place, such as cn:110105",
        "  cn:110105  朝阳区, county in 北京市",
        "  cn:220104  朝阳区, county in 长春市, 吉林省, until 2001",
    ]


def test_where_an_entity_lies() -> None:
    assert within({"ancestors": [{"name": "中国"}]}) == "中国"
    assert within({"locations": {"nodes": []}, "partOf": {"nodes": [{"to": {"name": "宁蒗县"}}]}}) == "宁蒗县"
    assert within({"id": "programme:x"}) == ""


def test_period() -> None:
    assert period(None) is None
    assert period("2019..2020-06") == {"from": "2019", "to": "2020-06"}
    assert period(" 2019 ") == {"from": "2019", "to": "2019"}
    for wrong in ("", "..2019", "2019..", ".."):
        with pytest.raises(CommandError, match="--during") as refused:
            period(wrong)
        assert refused.value.exit_code == 2


def test_relationship_types_in_either_case() -> None:
    assert relationship_types(["paired_with,FUNDS", "Posted-To", "funds", ""]) == ["PAIRED_WITH", "FUNDS", "POSTED_TO"]
    with pytest.raises(CommandError, match=r"--via is 'helps': it is none of PAIRED_WITH, FUNDS") as refused:
        relationship_types(["FUNDS,helps"])
    assert refused.value.exit_code == 2


def test_options_become_what_the_document_takes() -> None:
    options = Options(as_of="2020-04-30", via=("funds",), roll_up=True, max_hops=2)
    assert options.variables(QUESTIONS["helpers"]) == {"asOf": "2020-04-30", "via": ["FUNDS"], "rollUp": True}
    assert options.variables(QUESTIONS["path"]) == {"asOf": "2020-04-30", "via": ["FUNDS"], "maxHops": 2}
    assert options.variables(QUESTIONS["supervision"]) == {"asOf": "2020-04-30"}
    assert options.variables(QUESTIONS["search"]) == {}
    assert options.typed() == " --as-of 2020-04-30 --via funds --roll-up"


@pytest.mark.parametrize(
    ("message", "code", "said", "exit_code"),
    [
        ("asOf is '2020': give a day such as 2020-04-30", "BAD_USER_INPUT", "--as-of is '2020'", 2),
        ("asOf and during are both given: ask for a day", "BAD_USER_INPUT", "--as-of and --during are both", 2),
        ("during.to is '2020-13': give a day", "BAD_USER_INPUT", "--during.to is", 2),
        ("maxHops is 9: it must lie between 1 and 4", "BAD_USER_INPUT", "--max-hops is 9", 2),
        ("there is no entity 'cn:9': search finds ids by name", "NOT_FOUND", "`ask search` finds ids by name", 1),
        ("the graph is not available at the moment", "SERVICE_UNAVAILABLE", "not available", 4),
        ("the question took too long: ask for less", "TIMEOUT", "took too long", 1),
    ],
)
def test_errors_of_the_api(message: str, code: str, said: str, exit_code: int) -> None:
    error = refusal([{"message": message, "extensions": {"code": code}}])
    assert said in str(error) and error.exit_code == exit_code


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
async def test_documents_fit_the_schema_and_its_limits(question: asking.Question) -> None:
    """With pages as large as they may be: a document that is refused never reaches the graph, which is none here."""
    executor = Executor(own_schema(), None, None)  # pyright: ignore[reportArgumentType]
    document = question.document.replace(asking.ROWS, str(question.page))
    executor._document(document, None)


def test_types_that_are_searched_are_types() -> None:
    known = {"".join(part.capitalize() for part in one.split("_")) for q in QUESTIONS.values() for one in q.types}
    assert known <= set(MODEL.node)
