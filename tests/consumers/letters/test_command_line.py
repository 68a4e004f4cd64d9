"""What `dead_letters` takes and refuses on its command line, its exit codes, and its terminal."""

import pytest

from tests.consumers.letters.commanding import command, drain, letters_of, on_a_terminal, the_letter
from tests.consumers.pipelines import Pipeline


@pytest.mark.parametrize("action", ["list", "show", "retry", "discard"])
def test_each_action_tells_its_exit_codes(action: str) -> None:
    told = command(None, action, "--help").stdout

    assert all(code in told for code in ("Exit 0:", "1:", "2:"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("retry",), "say which"),
        (("discard", "--why", "x", "--yes"), "say which"),
        (("retry", "1:2:3", "--all"), "not both"),
        (("discard", "1:2:3", "--yes"), "--why"),
        (("list", "--since", "yesterday"), "ISO-8601"),
        (("list", "--reason", "boredom"), "invalid choice"),
        (("list", "--conversation", ""), "is blank"),
        (("retry", "--conversation", " "), "is blank"),
        (("discard", "--all", "--why", "", "--yes"), "is blank"),
        (("retry", "--all", "--by", ""), "is blank"),
        (("show", "abc"), "<generation>:<partition>:<offset>"),
        (("retry", "1:2:3", "1:2"), "<generation>:<partition>:<offset>"),
        (("retry", "--since", "2026-01-02", "--until", "2026-01-02"), "before --until"),
    ],
)
def test_wrong_arguments_are_refused_with_exit_2(
    database: None, arguments: tuple[str, ...], said: str
) -> None:
    done = command(None, *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_an_unknown_letter_is_told_with_exit_1(database: None) -> None:
    assert command(None, "show", "99:0:0").returncode == 1
    assert command(None, "discard", "99:0:0", "--why", "x", "--yes").returncode == 1


def test_discard_draws_a_bar_on_a_terminal_only(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"] * 2)
    drain(pipeline)
    first, second = (letter["_id"] for letter in letters_of(pipeline))

    drawn = on_a_terminal(pipeline, "discard", first, "--why", "a test", "--yes")
    plain = command(pipeline, "discard", second, "--why", "a test", "--yes")

    assert "1/1" in drawn
    assert plain.stderr == ""


def test_discard_without_a_terminal_wants_yes(pipeline: Pipeline) -> None:
    pipeline.produce([b"broken"])
    drain(pipeline)

    done = command(pipeline, "discard", the_letter(pipeline)["_id"], "--why", "a test")

    assert (done.returncode, "--yes" in done.stderr) == (2, True)
    assert "closedHow" not in the_letter(pipeline)
