"""The likest of many among each other: for a reason, among those given alone, always the same."""

from __future__ import annotations

from pmctl.insight.similar_each import Like, likest, said, telling

POOL = "The connection pool of checkout was exhausted after failover, `PoolTimeoutError: no connection after 30 s`."
DISK = "The disk of the warehouse filled up with snapshots that nobody rotated."
COOKIE = "Browsers dropped a cookie with a wrong attribute, so that sessions ended at once."


def _held(**texts: str) -> dict[str, tuple[str, ...]]:
    return {name: telling("", text, (), ()) for name, text in texts.items()}


def test_two_of_one_pattern_find_each_other_and_nothing_else() -> None:
    held = _held(a=POOL, b=POOL.replace("30", "45"), c=DISK, d=COOKIE, e="Certificates expired unnoticed.")
    found = likest(held, 4)
    assert [[one.id for one in found[name]] for name in "abcde"] == [["b"], ["a"], [], [], []]
    (like,) = found["a"]
    words = list(said(like, POOL))
    assert words[0].startswith("error pooltimeouterror")
    assert "error pooltimeouterror: no connection after 0 s" in words


def test_the_order_in_which_they_are_given_changes_nothing() -> None:
    held = _held(a=POOL, b=POOL, c=POOL, d=DISK, e=DISK, f=COOKIE, g="", h="Certificates.")
    backwards = dict(reversed(held.items()))
    assert likest(held, 2) == likest(backwards, 2)


def test_who_is_not_given_changes_no_rank_and_no_reason() -> None:
    everybody = _held(a=POOL, b=POOL, secret=POOL, d=DISK, e=COOKIE, f="Certificates.")
    readable = {name: found for name, found in everybody.items() if name != "secret"}
    assert "secret" in {one.id for one in likest(everybody, 4)["a"]}
    assert {one.id for found in likest(readable, 4).values() for one in found} == {"a", "b"}


def test_a_word_alone_is_chance_and_a_shared_cause_is_not() -> None:
    held = {
        "a": ("failover", "alpha"), "b": ("failover", "beta"), "c": ("cause:pool", "gamma", "lag"),
        "d": ("cause:pool", "delta", "lag"), "e": ("epsilon",),
    }  # fmt: skip
    found = likest(held, 4)
    assert found["a"] == () and found["b"] == ()
    assert found["c"] == (Like("d", ("cause:pool", "lag")),)


def test_what_very_many_share_is_not_looked_at() -> None:
    held = {f"{number:04d}": ("common", "usual", "frequent", f"own{number}") for number in range(200)}
    assert not any(likest(held, 4).values())
