"""What holds for any sentence at all."""

import shlex
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.phrasebook import Act, Background, Lost, Say, understand
from agent.phrasebook.grammar import grammar
from agent.phrasebook.understand import NAMELESS
from agent.services.catalogue import Catalogue

MODULES = [module.name for module in Catalogue().all()]
BACKGROUND = Background(last="dev", modules=MODULES)
LONGEST = 16_384
"""Bytes of the longest sentence that gets as far as the phrasebook."""
SECONDS = 3.0
"""What the worst sentence may take on a slow machine; the usual one takes some milliseconds."""

WORDS = sorted(
    {word for word in grammar().not_names if word.isalpha()}
    | {"dev", "web", "git", "fish", "destroy", "delete", "not", "don't", "how", "in", "dev's", "dev:", "&"}
)
NAMES = st.from_regex(r"[a-z](?:[a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in grammar().not_names and name not in MODULES and name not in grammar().synonyms
)
ARGUMENTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_sentence_means_something(sentence: str) -> None:
    """No sentence raises, and each call has what its tool needs."""
    meaning = understand(sentence, BACKGROUND)
    if isinstance(meaning, Act):
        assert meaning.calls
        for call in meaning.calls:
            nameless = call.tool.startswith("list_") or call.tool in NAMELESS
            assert nameless or call.arguments["name"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join), st.sampled_from(["", " x", "?"])
)
def test_a_long_sentence_takes_no_long_time(piece: str, end: str) -> None:
    """Whatever is said over and over, up to 16 kB, is answered at once."""
    sentence = ((piece + " ") * LONGEST)[:LONGEST] + end
    started = time.process_time()
    understand(sentence, BACKGROUND)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "what does say in ",
            "code server ",
            "add code server to dev with ",
            "run in dev ",
            "create a git box called a with ",
            "please ",
            '"a" ',
            '"a',
            "'",
        ),
        *(
            "dev: ",
            "x",
            "stop dev, ",
            "create a container with git called ",
            "in dev run x ",
            "🙏 ",
            "logs of ",
        ),
        *("/create a ", "` "),
    ],
)
def test_a_sentence_made_to_be_slow_is_not(piece: str) -> None:
    """Sentences that make patterns go back and forth stay linear."""
    started = time.process_time()
    understand((piece * LONGEST)[:LONGEST], BACKGROUND)
    assert time.process_time() - started < SECONDS


@settings(max_examples=300, deadline=None)
@given(NAMES, st.lists(ARGUMENTS, min_size=1, max_size=5), st.data())
def test_a_command_survives_as_it_was_written(name: str, arguments: list[str], data: st.DataObject) -> None:
    """Every character of a command reaches the tool, whatever frame it was said in."""
    spaces = data.draw(st.sampled_from([" ", "  "]))
    command = "printf " + spaces.join(map(shlex.quote, arguments))
    frame = data.draw(
        st.sampled_from(
            [
                *("run {} in {n}", "please run {} in {n}", "in {n} run {}", "{n}: {}", "exec {n} -- {}"),
                *("/exec {n} {}", "what does {} say in {n}?", "run {} in the {n} container please"),
                "execute {} inside {n}!",
            ]
        )
    )
    meaning = understand(frame.format(command, n=name), BACKGROUND)
    assert isinstance(meaning, Act)
    (call,) = meaning.calls
    assert (call.tool, call.arguments) == ("run_in_container", {"name": name, "command": command})


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_nothing_is_destroyed_but_by_a_phrase_for_it(sentence: str) -> None:
    """A sentence that does not begin with a word for destroying never leads to it."""
    meaning = understand(sentence, BACKGROUND)
    if isinstance(meaning, Act) and any(call.tool == "destroy_container" for call in meaning.calls):
        assert any(word in sentence for word in ("delete", "destroy", "remove"))
        assert not any(word in sentence.split() for word in ("not", "don't", "how", "if", "why", "when"))


@given(NAMES, st.sampled_from(["don't", "do not", "please don't", "never", "I don't want to", "no, don't"]))
def test_no_means_no(name: str, no: str) -> None:
    """A negation leads to nothing, whatever it is put before."""
    for verb in ("delete", "destroy", "stop", "restart", "run ls in", "get rid of"):
        assert understand(f"{no} {verb} {name}", BACKGROUND) == Say("unchanged")


@given(
    NAMES, st.sampled_from(["how do I", "can I", "how to", "what happens if I", "should I", "is it safe to"])
)
def test_a_question_about_doing_something_does_nothing(name: str, question: str) -> None:
    """Whoever asks how to destroy something is told how."""
    assert understand(f"{question} destroy {name}?", BACKGROUND) == Say("how", "destroy_container")


@given(
    NAMES,
    st.lists(st.sampled_from(MODULES), max_size=5, unique=True),
    st.sampled_from([", ", " and ", " & ", " "]),
)
def test_names_and_modules_are_picked_out(name: str, modules: list[str], separator: str) -> None:
    """Any name and any list of modules arrives whole."""
    having = f" with {separator.join(modules)}" if modules else ""
    meaning = understand(f"create a container called {name}{having}", BACKGROUND)
    assert isinstance(meaning, Act)
    assert meaning.calls[0].arguments == {"name": name, "modules": modules}


def test_a_typo_is_offered_not_done() -> None:
    """A sentence that is nearly understood is suggested, and not acted on."""
    assert understand("strat dev", BACKGROUND) == Lost("start dev")
    assert understand("detsroy dev", BACKGROUND) == Lost("destroy dev")
    assert understand("/lst", BACKGROUND) == Lost("/list")
