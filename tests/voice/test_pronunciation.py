import pytest

from agent.voice.pronunciation import pronounced

WORDS = {
    word: word.upper()
    for word in ("home", "lab", "ho", "homelabs", "web", "zero", "one", "two", "three", "twelve")
}


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("web", "WEB"),
        ("Web-2", "WEB TWO"),
        ("web12", "WEB TWELVE"),
        ("web13", "WEB ONE THREE"),
        ("web-02", "WEB ZERO TWO"),
        ("homelab", "HOME LAB"),
        ("homelabs", "HOMELABS"),
        ("db", "D IY B IY"),
        ("k2", "K EY TWO"),
        ("über", "B IY IY AA R"),
        ("-", ""),
    ],
)
def test_a_name_is_said_as_people_say_it(name: str, sounds: str) -> None:
    """A word, two words in one, letters, and numbers as far as a dozen."""
    assert pronounced(name, WORDS.get) == sounds
