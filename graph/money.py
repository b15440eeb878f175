"""Money in minor units: the currencies there are, how many decimal places one has, and the decimal of an amount."""

from decimal import Decimal
from typing import Final

# ISO 4217 codes in use, and units of account that donors report in.
_ACTIVE: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL
"""
# Withdrawn codes that aid data of earlier decades still carries.
_HISTORIC: Final = """
ADP AFA ALK AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BOP BRB BRC BRE BRN BRR BUK BYB BYR CHC CSD
CSJ CSK CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE GWP HRD IEP ILP ILR ISJ ITL LAJ LSM
LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG PEH PEI PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT
SKK SRG STD SUR TJR TMM TPE TRL UAK UGS UGW USS UYN UYP VEB VEF VNC XEU YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWD ZWN ZWR
"""
#: What money may be stated in.
CURRENCIES: Final = frozenset(_ACTIVE.split()) | frozenset(_HISTORIC.split())
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
