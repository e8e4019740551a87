"""How values look on a page: icons, days and times, sizes. Registered with the templates."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import gettext
from markupsafe import Markup

from web import labels, session

#: symbols that stand for codes, by table
ICONS = {
    "category": {
        "potential": "circle",
        "intended": "circle-half",
        "active": "circle-fill",
        "ended": "slash-circle",
    },
    "grade": {"confidential": "unlock", "secret": "lock-fill", "top": "lock-fill"},
    "processing": {
        "quarantined": "shield-exclamation",
        "stored": "hourglass-split",
        "extracting": "arrow-repeat",
        "searchable": "check-circle",
        "properties_only": "file-earmark-lock2",
        "failed": "x-circle",
    },
    "filing": {
        "draft": "pencil",
        "submitted": "person-check",
        "returned": "arrow-return-left",
        "filed": "archive",
        "withdrawn": "dash-circle",
    },
    "decision": {"allow": "check-lg", "deny": "slash-circle", "fail": "exclamation-triangle"},
    "notice": {
        "info": "journal-check",
        "warn": "exclamation-triangle",
        "bad": "x-circle",
        "ok": "check-circle",
    },
    "file": {
        "application/pdf": "file-earmark-pdf",
        "text": "file-earmark-text",
        "image": "file-earmark-image",
        "word": "file-earmark-word",
        "sheet": "file-earmark-spreadsheet",
        "slides": "file-earmark-slides",
        "other": "file-earmark",
    },
}

TONES = {
    "quarantined": "bad",
    "stored": "run",
    "extracting": "run",
    "searchable": "ok",
    "properties_only": "warn",
    "failed": "bad",
    "draft": "off",
    "submitted": "warn",
    "returned": "bad",
    "filed": "ok",
    "withdrawn": "off",
    "allow": "ok",
    "deny": "bad",
    "fail": "warn",
}

_FAMILIES = (
    ("word", ("wordprocessingml", "msword", "rtf")),
    ("sheet", ("spreadsheet", "excel", "csv")),
    ("slides", ("presentation", "powerpoint")),
    ("image", ("image/",)),
    ("text", ("text/",)),
)

#: signs in what a browser says of itself, the more particular ones first: most claim to be Safari
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def icon(name: str, *, size: int = 0) -> Markup:
    """Return a symbol of the sprite; it stands beside a word, so readers skip it."""
    more = f" i-{size}" if size else ""
    href = current_app.extensions["asset"]("icons.svg")
    return Markup('<svg class="i{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        more, href, name
    )


def symbol(table: str, code: object) -> Markup:
    """Return the symbol that stands for a code; nothing if it has none."""
    name = ICONS[table].get(str(code))
    return icon(name) if name else Markup()


def file_icon(media_type: str) -> Markup:
    """Return the symbol of a kind of file."""
    found = media_type if media_type in ICONS["file"] else "other"
    for family, signs in _FAMILIES:
        if found == "other" and any(sign in media_type for sign in signs):
            found = family
    return icon(ICONS["file"][found])


def browser(agent: str) -> tuple[str, ...]:
    """Return the names of a browser and its system; what it says of itself if neither is known."""
    known = (next((n for sign, n in signs if sign in agent), "") for signs in (_BROWSERS, _SYSTEMS))
    return tuple(filter(None, known)) or (agent,)


def size(number: int) -> str:
    """Return a file size as people write it: 812 B, 14.2 KB, 3.2 MB."""
    value, unit = float(number), 0
    while value >= 1024 and unit < 3:  # noqa: PLR2004 - bytes to GB
        value, unit = value / 1024, unit + 1
    short = f"{value:.1f}".removesuffix(".0")
    return f"{short} {'BKMG'[unit]}B" if unit else f"{number} B"


def grouped(number: int) -> str:
    """Return a quantity with thousands commas. Numbers that name something never get them."""
    return f"{number:,}"


def cents(amount: int | str) -> str:
    """Return an amount of integer cents as people write it."""
    return f"¥{int(amount) / 100:,.2f}"


def lasting(seconds: float) -> str:
    """Return a length of time as people say it, in at most two units."""
    minutes, rest = divmod(int(seconds), 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return str(gettext("%(days)s d %(hours)s h", days=days, hours=hours % 24))
    if hours:
        return str(gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes % 60))
    if minutes:
        return str(gettext("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest))
    return str(gettext("%(n)s s", n=rest))


def day(value: date | datetime | None) -> str:
    """Return a calendar day."""
    return value.strftime("%Y-%m-%d") if value else ""


def greeting(name: str, hour: int) -> str:
    """Return the greeting for an hour of the day."""
    if hour < 12:  # noqa: PLR2004 - noon
        text = gettext("Good morning, %(name)s", name=name)
    elif hour < 18:  # noqa: PLR2004 - evening
        text = gettext("Good afternoon, %(name)s", name=name)
    else:
        text = gettext("Good evening, %(name)s", name=name)
    return str(text)


def register(app: Flask, zone: ZoneInfo) -> None:
    """Give the templates these functions, with times in the archive's time zone."""

    def local(form: str) -> Callable[[datetime | None], str]:
        return lambda at: at.astimezone(zone).strftime(form) if at else ""

    filters: dict[str, Callable[..., Any]] = {
        "day": lambda v: local("%Y-%m-%d")(v) if isinstance(v, datetime) else day(v),
        "minute": local("%Y-%m-%d %H:%M"),
        "clock": local("%H:%M:%S"),
        "size": size,
        "lasting": lasting,
        "grouped": grouped,
        "cents": cents,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        icon=icon,
        symbol=symbol,
        browser=browser,
        file_icon=file_icon,
        label=labels.label,
        badge=labels.badge,
        input_name=labels.input_name,
        choices=labels.choices,
        tone=lambda code: TONES.get(str(code), "off"),
        language=session.language,
        told=session.told,
        undoing=session.undoing,
        greeting=lambda name: greeting(name, datetime.now(zone).hour),
    )
