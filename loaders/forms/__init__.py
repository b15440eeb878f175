"""Forms: the sheets a county office fills in, one a kind of fact. A row of a form may make several records.

`sheets` declares them, `mapper` reads them, `workbook` writes them empty.
"""

from loaders.forms.declare import Form
from loaders.forms.mapper import FormMapper, fits, fitting, headers, what_is_missing
from loaders.forms.sheets import FORMS

__all__ = ["FORMS", "Form", "FormMapper", "fits", "fitting", "headers", "what_is_missing"]
