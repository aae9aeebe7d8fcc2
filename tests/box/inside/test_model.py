"""The whole way with a language model: the `voxnix` command, a server on loopback, a real container."""

from tests.assistant.provider import Answer, Provider, serving
from tests.box.inside.product import voxnix


def test_what_a_model_decides_is_done(fresh: str) -> None:
    """A sentence that no phrasebook knows becomes a tool call, a container, and the model's own words."""
    create: Answer = {"create_container": {"name": fresh, "modules": ["git", "fish"]}}
    run: Answer = {"run_in_container": {"name": fresh, "command": "git --version"}}
    destroy: Answer = {"destroy_container": {"name": fresh}}
    with serving(
        Provider(answers=[create, "Läuft.", run, "Git ist da.", destroy, "Bitte bestätigen."])
    ) as provider:
        model = {
            "VOXNIX_MODEL": "openai:small",
            "VOXNIX_MODEL_BASE_URL": provider.url,
            "VOXNIX_MODEL_API_KEY": provider.key,
        }
        created = voxnix("chat", "mach mir bitte einen", settings=model)
        assert (created.code, "Läuft." in created.out) == (0, True), created
        assert "phrasebook" not in created.out
        assert "Git ist da." in voxnix("chat", "und git?", settings=model).out
        # The model wants it gone; the gate does not ask the model.
        refused = voxnix("chat", "weg damit, ja, ich bin sicher", settings=model)
        assert refused.code == 3
    assert provider.refused == []
    assert voxnix("exec", fresh, "--", "git", "--version").code == 0


def test_a_model_that_is_down_is_stood_in_for(fresh: str) -> None:
    """The phrasebook does what was asked, and says that it is the phrasebook."""
    model = {"VOXNIX_MODEL": "openai:small", "VOXNIX_MODEL_BASE_URL": "http://127.0.0.1:9/v1"}
    answer = voxnix("chat", f"create a container called {fresh} with git and fish", settings=model)
    assert answer.code == 0, answer
    assert "phrasebook" in answer.out
    assert voxnix("status", fresh, "--json").data["workload"]["state"] == "running"
