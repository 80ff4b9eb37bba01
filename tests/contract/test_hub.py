"""Both hubs keep the same rules: the one in memory, and the client of Hugging Face against a stand-in."""

from dataclasses import replace

import huggingface_hub
import pytest
from huggingface_hub import constants
from tests.support.hub_server import READ, WRITE, HubServer

from opinionlens.hub.huggingface import HuggingFaceHub
from opinionlens.hub.memory import MemoryHub
from opinionlens.hub.port import HubError, Upload

# Of the client, which uploads a large file in the older way of its HTTP library.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME = "team/model"
CARD = "---\nlicense: other\n---\n# A model\n"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    server = HubServer()
    server.make(NAME)
    yield server
    server.close()
    huggingface_hub.close_session()


class InMemory:
    def __init__(self):
        self.hub = MemoryHub()

    def files(self, revision):
        return dict(self.hub.files(revision))

    def write(self, path, content):
        self.hub.write(path, content)

    def go_away(self):
        self.hub.reachable = False

    @property
    def tags(self):
        return self.hub.tags

    @property
    def messages(self):
        return list(self.hub.commits.values())


class OnTheNetwork:
    def __init__(self, server):
        self.server = server
        self.hub = HuggingFaceHub(NAME, WRITE, endpoint=server.address)
        self.repository = server.repositories[NAME]

    def files(self, revision):
        return {
            name: data for name, data in self.repository.files(revision).items() if name != ".gitattributes"
        }

    def write(self, path, content):
        self.repository.commit(f"Write {path}", self.repository.files("main") | {path: content})

    def go_away(self):
        self.server.close()

    @property
    def tags(self):
        return self.repository.tags

    @property
    def messages(self):
        return [commit.message for commit in self.repository.commits.values()][1:]


@pytest.fixture(params=["memory", "network"])
def behind(request):
    return InMemory() if request.param == "memory" else OnTheNetwork(request.getfixturevalue("server"))


@pytest.fixture
def upload(tmp_path):
    def make(tag="v-1234567", **files):
        contents = {"manifest.json": b"{}", "weights.npz": b"\0" * 20_000} | files
        for name, data in contents.items():
            (tmp_path / tag).mkdir(exist_ok=True)
            (tmp_path / tag / name).write_bytes(data)
        return Upload(
            {name: tmp_path / tag / name for name in contents}, CARD, "linear: macro F1 0.7559", tag
        )

    return make


def test_a_push_is_a_tagged_commit_with_card_and_artifact(behind, upload):
    done = behind.hub.push(upload())
    assert done.is_new
    assert behind.tags == {"v-1234567": done.commit}
    assert behind.messages == ["linear: macro F1 0.7559"]
    assert behind.files("v-1234567") == {
        "README.md": CARD.encode(), "model/manifest.json": b"{}", "model/weights.npz": b"\0" * 20_000
    }  # fmt: skip
    assert done.address.endswith("/team/model/tree/v-1234567")


def test_the_same_model_is_not_sent_twice(behind, upload):
    first = behind.hub.push(upload())
    again = behind.hub.push(upload())
    assert (again.commit, again.is_new) == (first.commit, False)
    assert len(behind.messages) == 1


def test_another_model_takes_the_place_of_the_first_whose_tag_stays(behind, upload):
    behind.write("notes.md", b"ours")
    behind.hub.push(upload())
    second = replace(upload("v-7654321", **{"graph.onnx": b"\0\1"}))
    del second.files["weights.npz"]
    behind.hub.push(second)
    assert set(behind.files("v-7654321")) == {
        "notes.md", "README.md", "model/manifest.json", "model/graph.onnx"
    }  # fmt: skip
    assert "model/weights.npz" in behind.files("v-1234567")


def test_a_hub_that_is_down_is_one_sentence(behind, upload, monkeypatch):
    behind.go_away()
    with pytest.raises(HubError) as caught:
        behind.hub.push(upload())
    assert "\n" not in str(caught.value)
    assert WRITE not in str(caught.value)


def push(server, upload, token=WRITE, name=NAME):
    return HuggingFaceHub(name, token, endpoint=server.address).push(upload)


@pytest.mark.parametrize(
    ("token", "name", "message"),
    [
        ("hf_unknown", NAME, "does not know the token"),
        (READ, NAME, "may not write"),
        (WRITE, "team/none", "no such model repository"),
    ],
)
def test_refusals_are_plain_and_never_show_the_token(token, name, message, server, upload):
    with pytest.raises(HubError, match=message) as caught:
        push(server, upload(), token, name)
    assert token not in str(caught.value)
    assert server.repositories[NAME].tags == {}


def test_a_commit_of_somebody_else_in_between_is_refused(server, upload, monkeypatch):
    api = huggingface_hub.HfApi
    create = api.create_commit

    def late(self, *words, **options):
        server.repositories[NAME].commit("theirs", server.repositories[NAME].files("main"))
        return create(self, *words, **options)

    monkeypatch.setattr(api, "create_commit", late)
    with pytest.raises(HubError, match="Somebody else wrote"):
        push(server, upload())


def test_a_push_that_stopped_before_its_tag_goes_on_there(server, upload):
    server.refuse_tags = True
    with pytest.raises(HubError, match="The hub answered 500"):
        push(server, upload())
    server.refuse_tags = False
    done = push(server, upload())
    repository = server.repositories[NAME]
    assert [commit.message for commit in repository.commits.values()] == [
        "initial commit", "linear: macro F1 0.7559"
    ]  # fmt: skip
    assert repository.tags == {"v-1234567": done.commit}


def test_every_request_has_an_end(server, upload):
    push(server, upload())
    limits = huggingface_hub.get_session().timeout
    assert (limits.connect, limits.read, limits.write) == (10.0, 120.0, 120.0)


def test_offline_mode_is_said(server, upload, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        push(server, upload())
