"""The forms there are, in the order of the workbook."""

from collections.abc import Mapping
from typing import Final

from loaders.forms.declare import Form
from loaders.forms.facts import FUNDS, LABOUR, PAIRINGS, PURCHASES, STAFF
from loaders.forms.supervision import INSPECTIONS, WEEKLY
from loaders.forms.things import AGREEMENTS, POSTINGS, PROJECTS

#: By key.
FORMS: Final[Mapping[str, Form]] = {
    form.key: form
    for form in (
        PAIRINGS,
        FUNDS,
        PROJECTS,
        POSTINGS,
        STAFF,
        LABOUR,
        PURCHASES,
        INSPECTIONS,
        WEEKLY,
        AGREEMENTS,
    )
}
