"""The recipe of docs/architecture.md, followed: a field added as the page says is answered."""

import re
from pathlib import Path
from types import SimpleNamespace

import msgspec

from api import schema
from api.cursors import Seal
from api.declare import Field
from api.execute import Executor
from graph.engine import Graph
from graph.model import MODEL

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text("utf-8")


async def test_a_field_added_as_the_page_says_is_answered(seeded: Graph) -> None:
    binding, field = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    (query,) = re.findall(r"`(\{ place\(code: .*?\})`", PAGE)
    source: dict[str, object] = {}
    exec(binding, source)
    entry = eval("{" + field + "}", {"Field": Field, "places": SimpleNamespace(**source)})
    noun = SimpleNamespace(EXTRA={"Place": entry}, queries=lambda _made: {})

    made = schema.make_schema(MODEL, (*schema.NOUNS, noun))
    aliases = await seeded.value("MATCH (p:Place {code: '530724'}) RETURN p.aliases")
    expected = 1 + len(aliases or [])
    for compiled in (True, False):
        executor = Executor(made, seeded, Seal(b"key"), compiled=compiled)
        answer = await executor.answer(query, None, None)
        assert msgspec.json.decode(answer.body) == {"data": {"place": {"names": expected}}}
    assert "names: Int!" not in schema.make_schema().as_str()
