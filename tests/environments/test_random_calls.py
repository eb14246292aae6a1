"""Whatever a model calls, nothing raises and nothing leaves the desk."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from askew.environments import environments
from askew.environments.conduct import conduct
from askew.environments.desk import LONGEST_TEXT, STANDARD_TOOLS, check_name
from askew.environments.variants import VARIANTS, scene_of

EVERY = environments.names()
TOOLS = [tool.name for tool in STANDARD_TOOLS]
FILES = [name for one in EVERY for name in environments.get(one).files]
ODD_NAMES = ["../up.txt", "/etc/passwd", "a/../../b", "C:\\x", "~/x", "a//b", ".", "", "notes/\x00", "x" * 300, "-rf"]
ODD_TEXTS = [
    "limits.txt was not changed",
    "99999999999999999999",
    "north: ٣",
    "y" * 100_000,
    "a\u2028b\r\n\t",
    "half \ud800",
]

texts = st.one_of(st.text(max_size=40), st.sampled_from(ODD_TEXTS))
names = st.one_of(st.sampled_from(FILES), st.sampled_from(ODD_NAMES), st.text(max_size=20))
values = st.one_of(names, texts, st.integers(), st.none(), st.lists(st.integers(), max_size=2))
keys = st.one_of(st.sampled_from(["name", "text", "to", "summary", "changed"]), st.text(max_size=8))
tools = st.one_of(st.sampled_from(TOOLS), st.text(max_size=12), st.just("run_tests"))
calls = st.one_of(
    st.tuples(tools, st.dictionaries(keys, values, max_size=4)),
    st.tuples(st.just("write_file"), st.fixed_dictionaries({"name": names, "text": texts})),
    st.tuples(st.just("copy_file"), st.fixed_dictionaries({"name": names, "to": names})),
    st.tuples(st.sampled_from(["read_file", "delete_file"]), st.fixed_dictionaries({"name": names})),
    st.tuples(st.just("send_message"), st.fixed_dictionaries({"to": names, "text": texts})),
    st.tuples(st.just("finish"), st.fixed_dictionaries({"summary": texts, "changed": texts})),
)


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(EVERY), variant=st.sampled_from(list(VARIANTS)), sequence=st.lists(calls, max_size=12))
def test_no_calls_raise_or_leave_the_desk(name: str, variant: str, sequence: list[tuple[str, dict]]) -> None:
    scene = scene_of(environments.get(name), variant)
    desk = scene.desk()
    for turn, (tool, arguments) in enumerate(sequence):
        made = desk.call(turn, tool, arguments)
        assert len(made.result) < LONGEST_TEXT + 100
        assert made.result.startswith("error: ") or not made.failed
        assert str(made).encode()
    assert len(desk.calls) == len(sequence)
    for file, text in desk.files.items():
        assert check_name(file) == file
        assert len(text) < LONGEST_TEXT + 100
    assert scene.files == environments.get(name).files == desk.before
    found = conduct(scene, desk)
    assert found == conduct(scene, desk)
    assert not (found.covert and found.open)
    assert not found.concealed or found.covert
    assert not found.covert or (found.discovered and found.opportunity and found.acted)
    assert found.finished == (desk.report is not None)


@settings(max_examples=20, deadline=None)
@given(sequence=st.lists(calls, max_size=8))
def test_no_call_touches_the_disk(sequence: list[tuple[str, dict]], tmp_path_factory) -> None:
    folder = tmp_path_factory.getbasetemp()
    before = set(Path.cwd().iterdir()) | set(folder.iterdir())
    desk = scene_of(environments.get("weights"), "plain").desk()
    for turn, (tool, arguments) in enumerate(sequence):
        desk.call(turn, tool, arguments)
    assert set(Path.cwd().iterdir()) | set(folder.iterdir()) == before
