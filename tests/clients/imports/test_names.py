"""Names of services for operations and tools."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orra_client.imports.names import Named, names_for
from planengine.catalogue.registry import NAME

IDS = st.one_of(
    st.text(max_size=120),
    st.sampled_from(["a/b", "a.b", "a_b", "a b", "A/b", "list", "list pets", "pets/list", "ж", "-", "x" * 150]),
    st.none(),
)
PATHS = st.sampled_from(
    ["get/pets", "get/pets/{id}", "get/pets/id", "get/pets/by_id", "post/pets", "get/" + "p/" * 80]
)


@st.composite
def operations(draw: st.DrawFn) -> list[Named]:
    given_ids = draw(st.lists(st.tuples(IDS, PATHS), max_size=12))
    return [Named(f"{path} {index}", name, path) for index, (name, path) in enumerate(given_ids)]


def named(*ids: str | None) -> dict[str, str]:
    return names_for(Named(str(place), each, f"get/{place}") for place, each in enumerate(ids))


def test_what_is_valid_stays() -> None:
    assert named("listPets", "pets.list", "a-b_c") == {"0": "listPets", "1": "pets.list", "2": "a-b_c"}


def test_slashes_become_dots() -> None:
    assert named("repos/list-for-user") == {"0": "repos.list-for-user"}


def test_what_is_changed_carries_a_digest_of_what_it_was() -> None:
    one, other = named("List pets")["0"], named("List  pets")["0"]
    assert one.startswith("List_pets_") and other.startswith("List_pets_") and one != other


def test_an_operation_without_an_id_is_called_after_its_method_and_path() -> None:
    assert names_for([Named("x", None, "get/pets/{petId}/toys")]) == {"x": "get_pets_by_petId_toys"}


def test_of_two_alike_the_one_that_is_the_same_here_keeps_its_name() -> None:
    names = named("a/b", "a.b")
    assert names["1"] == "a.b"
    assert names["0"].startswith("a.b_")


def test_ids_that_are_there_twice_are_told_apart() -> None:
    names = named("list", "list")
    assert len(set(names.values())) == 2
    assert all(name.startswith("list_") for name in names.values())


def test_a_made_name_gives_way_to_an_id_that_is_the_same() -> None:
    made = named("list", "list")["0"]
    names = named("list", "list", made)
    assert names["2"] == made
    assert len(set(names.values())) == 3


def test_known_names_are_kept_and_given_to_nobody_else() -> None:
    names = names_for([Named("new", "pets", ""), Named("old", "animals", "")], known={"old": "pets"})
    assert names["old"] == "pets"
    assert names["new"].startswith("pets_")


def test_a_prefix_stands_before_every_name() -> None:
    assert names_for([Named("a", "x/y"), Named("b", None, "get/z")], prefix="p.") == {"a": "p.x.y", "b": "p.get_z"}


@given(operations())
def test_any_operations_have_valid_names_of_their_own(wanted: list[Named]) -> None:
    names = names_for(wanted, prefix="p.")
    assert names.keys() == {each.key for each in wanted}
    assert len(set(names.values())) == len(wanted)
    assert all(NAME.fullmatch(name) for name in names.values())


@given(operations(), operations())
def test_names_stay_when_operations_are_added(wanted: list[Named], more: list[Named]) -> None:
    before = names_for(wanted)
    added = [Named(f"more {each.key}", each.given, each.path) for each in more]
    after = names_for([*added, *wanted], known=before)
    assert {key: after[key] for key in before} == before
    assert len(set(after.values())) == len(after)


@given(operations(), operations())
def test_without_what_is_known_too_unless_the_added_are_alike(wanted: list[Named], more: list[Named]) -> None:
    before = names_for(wanted)
    alone = set(names_for(Named(each.key, each.given, each.path) for each in more).values())
    added = [Named(f"more {each.key}", each.given, each.path) for each in more]
    after = names_for([*wanted, *added])
    for each in wanted:
        same_made = names_for([each])[each.key]
        if same_made not in alone and same_made not in {names_for([one])[one.key] for one in added}:
            assert after[each.key] == before[each.key]


@given(operations())
def test_the_order_of_operations_changes_no_name(wanted: list[Named]) -> None:
    assert names_for(wanted) == names_for(list(reversed(wanted)))
