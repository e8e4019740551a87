"""From when on behaviour is told as unusual: a section of limits.toml."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnusualLimits:
    """Figures that a person's behaviour must reach; factors are times their own usual."""

    #: how many days are looked at, and how many days tell what is usual
    days: int
    usual_days: int
    opened_per_hour: int
    opened_factor: int
    #: documents opened in a night or on a day of a weekend
    odd_opened: int
    night_from: int
    night_to: int
    denials_per_hour: int
    customers_per_day: int
    customers_factor: int
    #: different addresses that answered no within an hour
    walked_per_hour: int


#: What holds where the text that governs is older than the section.
SINCE: Mapping[str, int] = {
    "days": 7,
    "usual_days": 30,
    "opened_per_hour": 30,
    "opened_factor": 3,
    "odd_opened": 10,
    "night_from": 22,
    "night_to": 6,
    "denials_per_hour": 10,
    "customers_per_day": 30,
    "customers_factor": 3,
    "walked_per_hour": 8,
}
