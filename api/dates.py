"""Dates and moments in arguments."""

import re
from datetime import UTC, date, datetime

from api.errors import BadUserInput


def checked_day(text: str | None, name: str) -> str:
    """An ISO day; empty where there is none."""
    if text is None:
        return ""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadUserInput(f"{name} is {text[:40]!r}: give a day such as 2020-04-30") from None


def checked_instant(text: str | None, name: str) -> int:
    """A moment as epoch ms; the end of time where there is none. A day means its end, UTC."""
    if text is None:
        return 2**53
    try:
        if len(text) == len("2020-04-30"):
            day = date.fromisoformat(text)
            return int(datetime(day.year, day.month, day.day, 23, 59, 59, 999_000, UTC).timestamp() * 1000)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        message = f"{name} is {text[:40]!r}: give a day or a moment such as 2026-11-23T08:00:00Z"
        raise BadUserInput(message) from None
