"""Signing in, staying signed in, and being locked out without locking out others."""

import re
import sqlite3
from datetime import timedelta
from functools import partial
from typing import Any

import argon2
import pytest
from sqlalchemy import select, text, update

from service import accounts, attempts, signins, tokens
from service.accounts import PersonChange
from service.codes import Department, Role
from service.errors import Denied, Invalid, TooMany
from service.models import Attempt, AuditEvent, Person, SignIn, Token, Trial
from service.permissions import Action, Actor
from service.policy.rules import SignInLimits
from tests.live.together import together
from tests.world import World, password

HOME, AWAY = "192.0.2.10", "203.0.113.66"
AGENT = "Firefox/140.0"


def enter(
    world: World, login: str = "sales", secret: str | None = None, *, address: str = HOME
) -> signins.SignedIn:
    given = password(login) if secret is None else secret
    return signins.sign_in(world.archive, login, given, address=address, agent=AGENT)


def who(world: World, token: str) -> Actor | None:
    return signins.resolve(world.archive, token, address=HOME, agent=AGENT)


def bearer(world: World, token: str) -> Actor | None:
    return signins.resolve_bearer(world.archive, token, address=HOME, agent=AGENT)


def fail(world: World, login: str, times: int, *, address: str = AWAY) -> None:
    for _ in range(times):
        with pytest.raises(Denied):
            enter(world, login, "not the password", address=address)


def shift(world: World, model: type[SignIn | Attempt | Token | Trial], **ago: timedelta) -> None:
    """Move stored moments into the past."""
    with world.archive.db.write() as db:
        for row in db.scalars(select(model)):
            for name, by in ago.items():
                moment = getattr(row, name)
                if moment is not None:
                    setattr(row, name, moment - by)


def events(world: World) -> list[AuditEvent]:
    with world.archive.db.read() as db:
        rows = list(
            db.scalars(
                select(AuditEvent)
                .where(AuditEvent.action.startswith("session."))
                .order_by(AuditEvent.seq)
            )
        )
        db.expunge_all()
        return rows


# -- signing in ------------------------------------------------------------------------------


def test_who_signs_in_is_known_by_the_token_with_roles_and_team(world: World) -> None:
    signed = enter(world)
    actor = who(world, signed.token)
    assert actor is not None
    assert (actor.login, actor.roles, actor.via) == ("sales", frozenset({Role.SALES}), "session")
    assert actor.team == {world.id("sales")}
    head = who(world, enter(world, "sales_head").token)
    assert head is not None
    assert head.team == {world.id(p) for p in ("sales", "sales2", "sales_head")}


def test_a_login_name_is_the_same_in_capitals_and_with_blanks(world: World) -> None:
    signed = signins.sign_in(world.archive, " Sales ", password("sales"), address=HOME, agent=AGENT)
    assert signed.actor.login == "sales"


def test_every_sign_in_has_a_new_token_and_giving_the_password_again_ends_the_old_one(
    world: World,
) -> None:
    first, second = enter(world), enter(world)
    assert first.token != second.token
    assert len(first.token) >= 43
    renewed = signins.step_up(world.archive, first.actor, password("sales"))
    assert renewed not in (first.token, second.token)
    assert who(world, first.token) is None
    assert who(world, renewed) is not None
    assert who(world, second.token) is not None


def test_giving_a_wrong_password_again_keeps_the_old_sign_in(world: World) -> None:
    signed = enter(world)
    with pytest.raises(Denied):
        signins.step_up(world.archive, signed.actor, "not the password")
    assert who(world, signed.token) is not None


def test_giving_the_password_again_stands_in_the_log_as_that_and_as_nothing_else(
    world: World,
) -> None:
    signed = enter(world)
    with pytest.raises(Denied):
        signins.step_up(world.archive, signed.actor, "not the password")
    signins.step_up(world.archive, signed.actor, password("sales"))
    with world.archive.db.read() as db:
        events = db.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(3)).all()
    assert [(e.action, e.decision, e.actor) for e in events] == [
        ("session.step_up", "allow", world.id("sales")),
        ("session.step_up", "deny", world.id("sales")),
        ("session.sign_in", "allow", world.id("sales")),
    ]


@pytest.mark.parametrize("meanwhile", [{"password": "a wholly other one"}, {"active": False}])
def test_a_password_that_changes_while_it_is_checked_no_longer_opens(
    world: World, meanwhile: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = argon2.PasswordHasher.verify

    def slow(hasher: argon2.PasswordHasher, stored: str, given: str) -> bool:
        world.change("sales", PersonChange(**meanwhile))
        return checked(hasher, stored, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", slow)
    with pytest.raises(Denied):
        enter(world)
    with world.archive.db.read() as db:
        assert not db.scalars(select(SignIn).where(SignIn.revoked.is_(None))).all()
        assert db.scalars(select(Attempt.failures)).all() == [1, 1]
        assert not db.scalars(select(Trial)).all()
    (refusal,) = events(world)
    assert (refusal.action, refusal.decision, refusal.actor) == ("session.sign_in", "deny", None)


def test_unknown_names_wrong_passwords_and_closed_accounts_get_the_same_answer(
    world: World,
) -> None:
    world.change("finance", PersonChange(active=False))
    answers = set()
    for login, secret in (
        ("nobody", password("sales")),
        ("sales", "not the password"),
        ("sales", ""),
        ("", ""),
        ("finance", password("finance")),
        ("sales\x00", password("sales")),
        ("s" * 5000, "x" * 5000),
    ):
        with pytest.raises(Denied) as refused:
            enter(world, login, secret)
        error = refused.value
        answers.add((type(error), str(error), error.rule, error.event, str(error.params)))
    assert len(answers) == 1


def test_nothing_that_was_never_a_token_is_anybody(world: World) -> None:
    enter(world)
    for token in ("", "x", "gd_", "\x00", "é" * 43, "'; --", "a" * 10_000):
        assert who(world, token) is None
        assert bearer(world, token) is None


def test_cookie_and_bearer_tokens_do_not_stand_in_for_each_other(world: World) -> None:
    signed = enter(world)
    assert bearer(world, signed.token) is None
    assert who(world, made_token(world)) is None


def test_tokens_are_stored_hashed_and_signing_in_leaves_no_trace_in_clear(world: World) -> None:
    signed = enter(world, address="198.51.100.23")
    api = made_token(world)
    with pytest.raises(Denied):
        enter(world, "zhangsan-typo", "geheim-4711-falsch", address="198.51.100.23")
    world.archive.db.close()
    stored = b"".join(path.read_bytes() for path in world.archive.settings.data.glob("archive.db*"))
    for secret in (
        signed.token,
        api,
        password("sales"),
        "zhangsan-typo",
        "geheim-4711-falsch",
        "198.51.100.23",
        AGENT,
    ):
        assert secret.encode() not in stored, secret
    with world.archive.db.read() as db:
        hashes = db.scalars(select(SignIn.id_hash)).all() + db.scalars(select(Token.id_hash)).all()  # type: ignore[operator]
        assert all(re.fullmatch("[0-9a-f]{64}", h) for h in hashes)
        argon = db.scalars(select(Person.password_hash)).all()
        assert all(h.startswith("$argon2id$") for h in argon)
        assert len(set(argon)) == len(argon)


def test_signing_in_out_and_failing_are_events(world: World) -> None:
    signed = enter(world)
    fail(world, "sales", 1)
    signins.sign_out(world.archive, signed.actor)
    assert who(world, signed.token) is None
    assert [(e.action, e.decision, e.actor) for e in events(world)] == [
        ("session.sign_in", "allow", world.id("sales")),
        ("session.sign_in", "deny", None),
        ("session.sign_out", "allow", world.id("sales")),
    ]


def test_without_a_log_nobody_signs_in(world: World) -> None:
    from service.errors import Unavailable

    with world.archive.db.write() as db:
        db.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audit_event "
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        )
    for secret in (password("sales"), "not the password"):
        with pytest.raises(Unavailable) as refused:
            enter(world, "sales", secret)
        assert refused.value.part == "log"
    with world.archive.db.read() as db:
        assert db.scalars(select(SignIn)).all() == []


# -- locking out -----------------------------------------------------------------------------


def limits(world: World) -> tuple[int, int]:
    with world.archive.db.read() as db:
        policy = world.archive.policies.current(db).limits.sign_in
    return policy.pair_failures, policy.address_failures


def test_guessing_locks_the_account_for_the_guessers_address_alone(world: World) -> None:
    pair, _ = limits(world)
    fail(world, "sales", pair)
    with pytest.raises(TooMany) as locked:
        enter(world, address=AWAY)
    assert 0 < locked.value.retry_after <= 30 * 60
    # the victim signs in from where they sit, and somebody else from the guesser's address
    assert enter(world, address=HOME).actor.login == "sales"
    assert enter(world, "legal", address=AWAY).actor.login == "legal"
    assert events(world)[pair].decision == "deny"


def test_the_victims_success_does_not_free_the_guesser(world: World) -> None:
    pair, _ = limits(world)
    fail(world, "sales", pair - 1)
    enter(world, address=HOME)
    fail(world, "sales", 1)
    with pytest.raises(TooMany):
        enter(world, address=AWAY)


def test_guessing_many_accounts_locks_the_address_and_no_account(world: World) -> None:
    pair, place = limits(world)
    names = [f"guess{n}" for n in range(place)]
    for name in names:
        fail(world, name, 1)
    for login in ("sales", "legal", "never-tried"):
        with pytest.raises(TooMany):
            enter(world, login, address=AWAY)
    assert enter(world, "sales", address=HOME).actor.login == "sales"
    assert pair < place


def test_a_guessers_own_account_does_not_reset_the_count_of_the_address(world: World) -> None:
    _, place = limits(world)
    for n in range(place - 1):
        fail(world, f"guess{n}", 1)
    enter(world, "hr", address=AWAY)
    fail(world, "one-more", 1)
    with pytest.raises(TooMany):
        enter(world, "hr", address=AWAY)


def test_guessing_from_many_addresses_leaves_the_victim_at_home_alone(world: World) -> None:
    pair, _ = limits(world)
    for n in range(3):
        fail(world, "sales", pair, address=f"203.0.113.{n}")
    assert enter(world, address=HOME).actor.login == "sales"


def test_an_unknown_account_is_locked_just_as_a_known_one(world: World) -> None:
    pair, _ = limits(world)
    answers = []
    for login in ("sales", "nobody-at-all"):
        fail(world, login, pair)
        with pytest.raises(TooMany) as locked:
            enter(world, login, "x", address=AWAY)
        answers.append((str(locked.value), locked.value.rule, locked.value.event))
    assert answers[0] == answers[1]


def test_writing_the_name_otherwise_does_not_give_more_guesses(world: World) -> None:
    pair, _ = limits(world)
    spellings = ["sales", "SALES", " sales", "Sales ", "sAlEs", "\tsales"]
    for n in range(pair):
        fail(world, spellings[n % len(spellings)], 1)
    with pytest.raises(TooMany):
        enter(world, address=AWAY)


def test_a_lock_ends_by_itself_and_knocking_meanwhile_does_not_prolong_it(world: World) -> None:
    pair, _ = limits(world)
    fail(world, "sales", pair)
    shift(world, Attempt, locked_until=timedelta(minutes=20), last=timedelta(minutes=20))
    with pytest.raises(TooMany) as locked:
        enter(world, address=AWAY)
    assert locked.value.retry_after <= 10 * 60
    shift(world, Attempt, locked_until=timedelta(minutes=11), last=timedelta(minutes=11))
    assert enter(world, address=AWAY).actor.login == "sales"


def test_old_failures_are_forgotten(world: World) -> None:
    pair, _ = limits(world)
    fail(world, "sales", pair - 1)
    shift(world, Attempt, last=timedelta(minutes=31))
    fail(world, "sales", 1)
    assert enter(world, address=AWAY).actor.login == "sales"
    shift(world, Attempt, last=timedelta(days=2))
    fail(world, "legal", 1)
    with world.archive.db.read() as db:
        assert len(db.scalars(select(Attempt)).all()) == 2


def test_of_wrong_passwords_sent_at_once_no_more_are_answered_than_one_after_the_other(
    world: World,
) -> None:
    pair, _ = limits(world)
    guesses = [partial(enter, world, "sales", f"wrong guess {n}", address=AWAY) for n in range(14)]
    answers = [type(answer) for answer in together(guesses)]
    assert answers.count(Denied) == pair
    assert answers.count(TooMany) == 14 - pair
    with pytest.raises(TooMany):
        enter(world, address=AWAY)


def test_of_accounts_guessed_at_once_no_more_are_answered_than_an_address_may_try(
    world: World,
) -> None:
    _, place = limits(world)
    for n in range(place - 4):
        fail(world, f"guess{n}", 1)
    guesses = [partial(enter, world, f"other{n}", "x" * 12, address=AWAY) for n in range(8)]
    answers = [type(answer) for answer in together(guesses)]
    assert (answers.count(Denied), answers.count(TooMany)) == (4, 4)
    assert enter(world, address=HOME).actor.login == "sales"


def begun(world: World, times: int) -> tuple[attempts.Marks, SignInLimits, list[str]]:
    """Begin trials that nobody answers yet, as other processes would."""
    with world.archive.ring() as ring, world.archive.db.read() as db:
        marks = attempts.Marks(ring.blind("attempt"), "sales", AWAY)
        most = world.archive.policies.current(db).limits.sign_in
    trials = [attempts.begin(world.archive.db, marks, most) for _ in range(times)]
    assert all(isinstance(trial, str) for trial in trials)
    return marks, most, [str(trial) for trial in trials]


def test_a_right_password_that_came_with_too_many_wrong_ones_does_not_open(world: World) -> None:
    marks, most, trials = begun(world, limits(world)[0])

    def answered() -> None:
        for trial in trials:
            with world.archive.db.write() as db:
                attempts.failed(db, trial, marks, most)

    opened, _ = together([partial(enter, world, address=AWAY), answered])
    assert isinstance(opened, TooMany)


def test_a_right_password_waits_for_those_before_it_and_opens_if_nothing_is_locked(
    world: World,
) -> None:
    marks, most, trials = begun(world, limits(world)[0])

    def answered() -> None:
        with world.archive.db.write() as db:
            attempts.failed(db, trials.pop(), marks, most)
        with world.archive.db.write() as db:
            attempts.passed(db, trials.pop(), marks)

    opened, _ = together([partial(enter, world, address=AWAY), answered])
    assert isinstance(opened, signins.SignedIn)


def test_right_passwords_sent_at_once_all_open(world: World) -> None:
    opened = together([partial(enter, world, address=AWAY)] * 12)
    assert all(isinstance(answer, signins.SignedIn) for answer in opened), opened


def test_a_trial_whose_process_died_takes_nobodys_place(world: World) -> None:
    begun(world, limits(world)[0])
    shift(world, Trial, started=timedelta(minutes=2))
    assert enter(world, address=AWAY).actor.login == "sales"
    with world.archive.db.read() as db:
        assert db.scalars(select(Trial)).all() == []


def test_the_counts_name_neither_account_nor_address(world: World) -> None:
    fail(world, "sales", 1)
    with sqlite3.connect(world.archive.settings.data / "archive.db") as db:
        rows = db.execute("SELECT * FROM attempt").fetchall()
    assert len(rows) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", row[0]) for row in rows)


# -- staying signed in -----------------------------------------------------------------------


def test_a_sign_in_ends_when_nothing_was_done_for_half_an_hour(world: World) -> None:
    signed = enter(world)
    shift(world, SignIn, last_seen=timedelta(minutes=29))
    assert who(world, signed.token) is not None
    shift(world, SignIn, last_seen=timedelta(minutes=31))
    assert who(world, signed.token) is None


def test_each_request_begins_the_half_hour_anew(world: World) -> None:
    signed = enter(world)
    for _ in range(3):
        shift(world, SignIn, last_seen=timedelta(minutes=20))
        assert who(world, signed.token) is not None


def test_the_moment_of_the_last_request_is_written_once_a_minute_at_most(world: World) -> None:
    signed = enter(world)
    with world.archive.db.read() as db:
        first = db.scalars(select(SignIn.last_seen)).one()
    assert who(world, signed.token) is not None
    with world.archive.db.read() as db:
        assert db.scalars(select(SignIn.last_seen)).one() == first


def test_a_sign_in_ends_after_twelve_hours_however_busy(world: World) -> None:
    signed = enter(world)
    shift(world, SignIn, created=timedelta(hours=11, minutes=59))
    assert who(world, signed.token) is not None
    shift(world, SignIn, created=timedelta(minutes=2))
    assert who(world, signed.token) is None


def test_the_password_counts_as_given_lately_for_ten_minutes(world: World) -> None:
    signed = enter(world)
    assert signins.confirmed_lately(world.archive, signed.actor)
    shift(world, SignIn, confirmed=timedelta(minutes=11))
    assert not signins.confirmed_lately(world.archive, signed.actor)
    renewed = who(world, signins.step_up(world.archive, signed.actor, password("sales")))
    assert renewed is not None
    assert signins.confirmed_lately(world.archive, renewed)


def test_a_person_sees_and_ends_their_own_sign_ins_and_nobody_elses(world: World) -> None:
    from service.errors import NotFound

    mine, other = enter(world, address="192.0.2.1"), enter(world, address="192.0.2.2")
    foreign = enter(world, "legal")
    with world.archive.call(mine.actor, Action.SESSION_MANAGE_OWN, writes=False) as call:
        listed = accounts.sign_ins(call)
    assert {(s.address, s.current) for s in listed} == {("192.0.2.1", True), ("192.0.2.2", False)}
    (short,) = (s.id for s in listed if not s.current)
    with world.archive.call(mine.actor, Action.SESSION_MANAGE_OWN) as call:
        accounts.end_sign_in(call, short)
    assert who(world, other.token) is None
    assert who(world, mine.token) is not None
    for wrong in (signins.token_hash(foreign.token)[:32], "", "%", short[:4]):
        with (
            pytest.raises(NotFound),
            world.archive.call(mine.actor, Action.SESSION_MANAGE_OWN) as call,
        ):
            accounts.end_sign_in(call, wrong)
    assert who(world, foreign.token) is not None


def test_a_closed_account_is_nobody_on_the_next_request(world: World) -> None:
    signed, api = enter(world), made_token(world)
    world.change("sales", PersonChange(active=False))
    assert who(world, signed.token) is None
    assert bearer(world, api) is None
    world.change("sales", PersonChange(active=True))
    assert who(world, signed.token) is None
    assert bearer(world, api) is None


def test_an_account_closed_in_the_database_alone_is_nobody_too(world: World) -> None:
    signed, api = enter(world), made_token(world)
    with world.archive.db.write() as db:
        db.execute(update(Person).where(Person.login == "sales").values(active=False))
    assert who(world, signed.token) is None
    assert bearer(world, api) is None


def test_a_new_password_ends_every_sign_in_and_token(world: World) -> None:
    signed, api = enter(world), made_token(world)
    world.change("sales", PersonChange(password="a quite different phrase"))
    assert who(world, signed.token) is None
    assert bearer(world, api) is None
    with pytest.raises(Denied):
        enter(world)
    assert enter(world, "sales", "a quite different phrase").actor.login == "sales"


def test_changed_roles_and_departments_count_from_the_next_request(world: World) -> None:
    signed, api = enter(world), made_token(world)
    world.change(
        "sales",
        PersonChange(roles=frozenset({Role.FINANCE}), department=Department.FINANCE, head=True),
    )
    for actor in (who(world, signed.token), bearer(world, api)):
        assert actor is not None
        assert actor.roles == {Role.FINANCE}
        assert actor.department is Department.FINANCE
        assert actor.team == {world.id("sales"), world.id("finance")}


# -- API tokens ------------------------------------------------------------------------------


def made_token(world: World, login: str = "sales", days: int | None = None) -> str:
    with world.archive.call(world.actor(login), Action.SESSION_MANAGE_OWN) as call:
        return tokens.add(call, "script", days)


def test_a_token_carries_its_persons_rights_until_it_expires(world: World) -> None:
    token = made_token(world, days=30)
    actor = bearer(world, token)
    assert actor is not None
    assert (actor.login, actor.via) == ("sales", "token")
    shift(world, Token, expires=timedelta(days=29))
    assert bearer(world, token) is not None
    shift(world, Token, expires=timedelta(days=1))
    assert bearer(world, token) is None


def test_a_token_lives_between_a_day_and_a_year(world: World) -> None:
    for days in (0, -1, 366):
        with pytest.raises(Invalid):
            made_token(world, days=days)
    assert made_token(world, days=365) != made_token(world, days=1)


def test_a_revoked_token_stops_and_others_cannot_revoke_it(world: World) -> None:
    from service.errors import NotFound

    token = made_token(world)
    with world.archive.call(world.actor("sales"), Action.SESSION_MANAGE_OWN, writes=False) as call:
        (view,) = tokens.own(call)
    with (
        pytest.raises(NotFound),
        world.archive.call(world.actor("legal"), Action.SESSION_MANAGE_OWN) as call,
    ):
        tokens.revoke(call, view.id)
    assert bearer(world, token) is not None
    with world.archive.call(world.actor("sales"), Action.SESSION_MANAGE_OWN) as call:
        tokens.revoke(call, view.id)
    assert bearer(world, token) is None


# -- passwords -------------------------------------------------------------------------------


EASY = (
    "short",
    "九个汉字不够十个呢",
    "x" * 257,
    "aaaaaaaaaaaa",
    "1234567890",
    "administrator",
    "sales-is-my-name",
    "ＳＡＬＥＳ－ｉｓ－ｗｉｄｅ",
)


def test_easy_passwords_are_refused_before_anything_changes(world: World) -> None:
    signed = enter(world)
    for secret in EASY:
        with pytest.raises(Invalid) as refused:
            world.change("sales", PersonChange(password=secret))
        assert "password" in refused.value.fields
    assert who(world, signed.token) is not None
    assert enter(world).actor.login == "sales"


def test_a_password_is_the_same_however_its_characters_are_composed(world: World) -> None:
    world.change("sales", PersonChange(password="café ｖｅｒｔ sept huit"))
    assert enter(world, "sales", "cafe\u0301 vert sept huit").actor.login == "sales"
