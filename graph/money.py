"""Money in minor units: how many decimal places a currency has, and the decimal of an amount."""

from decimal import Decimal
from typing import Final

_NO_MINOR: Final = "JPY KRW VND CLP ISK UGX XAF XOF XPF RWF PYG KMF GNF DJF BIF VUV UYI"
_THREE_PLACES: Final = "BHD IQD JOD KWD LYD OMR TND"
_PLACES: Final[dict[str, int]] = {
    **dict.fromkeys(_NO_MINOR.split(), 0),
    **dict.fromkeys(_THREE_PLACES.split(), 3),
    "CLF": 4,
    "UYW": 4,
}


def minor_units(code: str) -> int:
    """How many decimal places the minor unit of an ISO 4217 currency has: 2 but for a few."""
    return _PLACES.get(code, 2)


def decimal_text(minor: int, code: str) -> str:
    """The amount in units of the currency, as a plain decimal without zeros at its end."""
    amount = Decimal(minor).scaleb(-minor_units(code))
    return format(amount.to_integral_value() if amount == amount.to_integral_value() else amount.normalize(), "f")
