"""Entries brought to another embedding model, over a real embeddings endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from cache import pins, reembedding, storage
from cache.models import Entry, EntryUse, EntryVector, ObservedWord, Reembedding
from cache.requests import scope_digest
from orra.base.strictjson import Json
from orra.operators.pages import page_of
from planengine.drafting import planner_choice
from planengine.embeddings import embedders
from planengine.embeddings.embedders import EndpointEmbedder, get_embedder
from planengine.models import Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.conftest import Api
from tests.servers.embedding import EmbeddingServer, serving

pytestmark = pytest.mark.django_db(transaction=True)

COMMAND = "reembed_entries"
REFUND = "Refund the order {}"
PLEASE = "Please refund the order {}"
PLAN: Json = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-1"}},
        {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
    ],
    "parallel_groups": [["task1"]],
}


@dataclass
class WordServer:
    """Embeds texts by the words in them, in as many ``dimensions`` as it is told to. ``before`` runs before each
    answer; texts with a word in ``refused`` get HTTP 400."""

    dimensions: int = 64
    refused: str = "\x00"
    before: Callable[[], None] = lambda: None
    texts: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, texts: list[str]) -> tuple[int, Json]:
        self.before()
        if any(self.refused in text for text in texts):
            return 400, {"error": {"message": "That text is not for me."}}
        self.texts += texts
        return 200, {"data": [{"index": at, "embedding": self._vector(text)} for at, text in enumerate(texts)]}

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        for word in text.lower().split():
            vector[sum(word.encode()) % self.dimensions] += 1.0
        return vector


@pytest.fixture
def words() -> Iterator[WordServer]:
    words = WordServer()
    with serving(EmbeddingServer(lambda body: words.answer(body["input"]))) as endpoint:
        words.url = endpoint.url
        yield words


@pytest.fixture
def change_model(settings: Any, words: WordServer) -> Iterator[Callable[..., None]]:
    """Configures another embedding model, as a restart with other variables does."""

    def forget() -> None:
        embedders._build_embedder.cache_clear()
        planner_choice.current_planner.cache_clear()

    def change(model: str = "words-1") -> None:
        settings.EMBEDDINGS_MODEL, settings.EMBEDDINGS_API_BASE_URL = model, words.url
        forget()

    yield change
    forget()


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(similarity_threshold=0.6, recheck_share=0.0, wrong_hit_tolerance=1)


def ask(api: Api, action: str, order: str, **members: Json) -> Json:
    return api.plan(action.format(order), {"order_id": order}, **members)


def keep(project: Project, action: str, order: str) -> Entry:
    """An entry as a model's plan leaves it, whatever the composer makes of an action by these vectors."""
    request = PlanRequest(action.format(order), {"order_id": order})
    plan = {**PLAN, "tasks": [{"id": "task0", "input": {"order_id": order}}, *PLAN["tasks"][1:]]}
    vector = plan_cache.embed(plan_cache.request_for(project, request).template.embedding_text)
    entry = plan_cache.store(project, request, plan, vector=vector, planned_by="model", cost={})
    assert entry is not None
    return entry


def run(**options: Any) -> str:
    output = StringIO()
    call_command(COMMAND, stdout=output, **options)
    return output.getvalue()


def test_another_models_entries_are_unused_until_they_are_embedded_anew(
    api: Api, project: Project, words: WordServer, change_model: Callable[..., None]
) -> None:
    keep(project, REFUND, "ORD-1")
    ask(api, REFUND, "ORD-2")
    entry = Entry.objects.get()
    assert ask(api, PLEASE, "ORD-3")["source"] == "semantic"
    change_model()
    assert ask(api, REFUND, "ORD-4", cache="only")["status"] == "failed"
    assert ask(api, PLEASE, "ORD-5", cache="only")["status"] == "failed"
    asked = len(words.texts)

    assert "1 entries looked at, for words-1\n       1  read and embedded anew" in run()

    assert len(words.texts) - asked <= 2  # the entry's text, and one to learn the dimensions
    exact, near = ask(api, REFUND, "ORD-6"), ask(api, PLEASE, "ORD-7")
    assert (exact["source"], near["source"]) == ("exact", "semantic")
    assert exact["cache"]["entry_id"] == near["cache"]["entry_id"] == entry.pk
    assert near["plan"]["tasks"][0]["input"] == {"order_id": "ORD-7"}
    assert EntryUse.objects.get().hits == 4
    assert Entry.objects.get().scope_facts["embedding_model"] == "words-1"
    assert run() == "0 entries looked at, for words-1\n"


def test_a_model_that_changed_its_dimension_under_its_name(
    api: Api, project: Project, words: WordServer, change_model: Callable[..., None]
) -> None:
    change_model()
    keep(project, REFUND, "ORD-1")
    assert ask(api, PLEASE, "ORD-2")["source"] == "semantic"
    words.dimensions = 32
    change_model()

    miss = ask(api, PLEASE, "ORD-3", cache="only")
    assert (miss["status"], miss["cache"]["reason"]) == ("failed", "nothing_cached")
    assert ask(api, REFUND, "ORD-4")["source"] == "exact"

    run()
    assert ask(api, PLEASE, "ORD-5")["source"] == "semantic"
    assert len(EntryVector.objects.get().embedding) == 32


def test_an_entry_that_was_stored_without_a_vector_gets_one(
    api: Api, project: Project, words: WordServer, change_model: Callable[..., None]
) -> None:
    change_model()
    keep(project, REFUND, "ORD-1")
    EntryVector.objects.all().delete()

    assert "without its vectors" in run(dry_run=True)
    run()

    assert ask(api, PLEASE, "ORD-2")["source"] == "semantic"


def test_a_dry_run_counts_and_changes_nothing(api: Api, change_model: Callable[..., None]) -> None:
    ask(api, REFUND, "ORD-1")
    old = get_embedder().name
    change_model()
    before = list(Entry.objects.values())

    told = run(dry_run=True)

    assert told.startswith("1 entries to embed with words-1\n") and f"of {old}" in told
    assert list(Entry.objects.values()) == before


def test_only_what_serves_and_only_the_project_asked_for(
    api: Api, other_api: Api, project: Project, change_model: Callable[..., None]
) -> None:
    for each in (api, other_api):
        ask(each, REFUND, "ORD-1")
    ask(api, "Find the order {}", "ORD-1")
    expired = Entry.objects.filter(project=project).latest("created_at")
    Entry.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    change_model()

    assert "1 entries looked at" in run(project=project.pk)

    expired.refresh_from_db()
    assert expired.scope_facts["embedding_model"] != "words-1"
    assert ask(api, REFUND, "ORD-2")["source"] == "exact"
    assert ask(other_api, REFUND, "ORD-2", cache="only")["status"] == "failed"
    storage.quarantine(Entry.objects.exclude(project=project).get().pk, "wrong")
    assert "0 entries" in run()


def test_a_newer_entry_of_the_template_wins_and_takes_the_pin(
    api: Api, project: Project, change_model: Callable[..., None]
) -> None:
    ask(api, REFUND, "ORD-1")
    Entry.objects.update(pinned=True)
    change_model()
    newer = keep(project, REFUND, "ORD-2")

    assert "gave way to a newer entry" in run()

    assert (Entry.objects.get().pk, Entry.objects.get().pinned) == (newer.pk, True)
    assert Entry.objects.get().expires_at == EntryVector.objects.get().expires_at == pins.NEVER
    assert EntryVector.objects.count() == EntryUse.objects.count() == 1


def test_an_entry_for_the_identical_request_only_moves_without_a_vector(
    api: Api, words: WordServer, change_model: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(api, REFUND, "ORD-1")
    Entry.objects.update(planned_by="model")
    monkeypatch.setattr("cache.storage.check_with_sentinels", lambda *asked: False)
    change_model()

    run()

    assert not any("efund" in text for text in words.texts)
    assert ask(api, REFUND, "ORD-1")["source"] == "exact"
    assert not EntryVector.objects.exists()


class TestAnOlderReading:
    """Entries as a release before there were examples left them; the migrations since gave them empty columns."""

    @pytest.fixture
    def older(self, project: Project) -> Entry:
        keep(project, REFUND, "ORD-1")
        ObservedWord.objects.all().delete()
        self.age(planned_by="model")
        return Entry.objects.get()

    @staticmethod
    def age(**columns: Any) -> None:
        for entry in Entry.objects.all():
            facts = {name: fact for name, fact in entry.scope_facts.items() if name != "templates"}
            scope = scope_digest(entry.project_id, facts)
            left = {"words": "", "skeleton": "", "skeleton_services": [], "wirable": False, "contested": False}
            Entry.objects.filter(pk=entry.pk).update(
                scope=scope, scope_facts=facts, template_key="k" * 64, **left, **columns
            )
            EntryVector.objects.filter(pk=entry.pk).update(scope=scope, fields="")

    def test_they_are_unused_until_they_are_read_anew(self, api: Api, older: Entry) -> None:
        for action in (REFUND, PLEASE):
            miss = ask(api, action, "ORD-2", cache="only")
            assert (miss["status"], miss["cache"]["reason"]) == ("failed", "nothing_cached")
        assert "1  of an older reading" in run(dry_run=True)

        assert "1  read and embedded anew" in run()

        exact, near = ask(api, REFUND, "ORD-3"), ask(api, PLEASE, "ORD-4")
        assert (exact["source"], near["source"]) == ("exact", "semantic")
        assert exact["cache"]["entry_id"] == near["cache"]["entry_id"] == older.pk
        assert near["plan"]["tasks"][0]["input"] == {"order_id": "ORD-4"}
        entry = Entry.objects.get()
        assert (entry.words, entry.skeleton_services) == ("refund the order {order_id}", ["refund_payment"])
        assert entry.wirable and entry.created_at == older.created_at
        assert "refund" in set(ObservedWord.objects.values_list("word", flat=True))
        assert run().startswith("0 entries")

    def test_the_composers_serve_their_template_again_and_vote_no_more(self, api: Api, older: Entry) -> None:
        Entry.objects.update(planned_by="composer")

        run()

        assert ask(api, REFUND, "ORD-3")["source"] == "exact"
        assert not EntryVector.objects.exists()
        assert run().startswith("0 entries")

    def test_one_that_was_confirmed_since_keeps_its_vote(
        self, project: Project, change_model: Callable[..., None]
    ) -> None:
        keep(project, REFUND, "ORD-1")
        Entry.objects.update(planned_by="composer")
        change_model()

        run()

        assert EntryVector.objects.count() == 1

    def test_one_that_was_confirmed_in_the_second_reading_keeps_its_vote(self, project: Project) -> None:
        keep(project, REFUND, "ORD-1")
        entry = Entry.objects.get()
        facts = {**entry.scope_facts, "templates": "2"}
        scope = scope_digest(entry.project_id, facts)
        Entry.objects.update(planned_by="composer", scope=scope, scope_facts=facts)
        EntryVector.objects.update(scope=scope)

        assert "1  read and embedded anew" in run()

        assert EntryVector.objects.count() == 1
        assert Entry.objects.get().scope == entry.scope

    def test_those_that_contradict_serve_their_own_requests(
        self, api: Api, project: Project, older: Entry
    ) -> None:
        finding = {**PLAN, "tasks": [PLAN["tasks"][0], {**PLAN["tasks"][1], "service": "order_lookup"}]}
        request = PlanRequest(REFUND.format("ORD-9"), {"order_id": "ORD-9"})
        finding["tasks"][0] = {"id": "task0", "input": {"order_id": "ORD-9"}}
        plan_cache.store(project, request, finding, vector=plan_cache.embed("x"), planned_by="model", cost={})

        run()

        assert ask(api, REFUND, "ORD-1")["plan"]["tasks"][1]["service"] == "refund_payment"
        assert ask(api, REFUND, "ORD-9")["plan"]["tasks"][1]["service"] == "order_lookup"
        assert not EntryVector.objects.exists() and not Entry.objects.filter(identity="").exists()

    def test_the_project_page_says_how_many_they_are(self, admin_client: Client, older: Entry) -> None:
        page = page_of(older.project)
        assert "1 of an older reading" in admin_client.get(page).content.decode()

        run()

        assert "of an older reading" not in admin_client.get(page).content.decode()


def test_refusals_and_counter_examples_come_along(
    api: Api, project: Project, change_model: Callable[..., None]
) -> None:
    wrong = ask(api, REFUND, "ORD-1")
    api.post(f"/v1/plans/{wrong['id']}/report")
    request = PlanRequest("Paint the moon", {})
    plan_cache.keep_refusal(project, request, vector=plan_cache.embed("x"), planned_by="model")
    change_model()

    run()

    kinds = Entry.objects.filter(scope_facts__embedding_model="words-1").values_list("kind", flat=True)
    assert sorted(kinds) == ["counter", "plan", "refusal"]
    assert sorted(EntryVector.objects.values_list("entry__kind", flat=True)) == ["counter", "refusal"]
    again = ask(api, REFUND, "ORD-2", cache="only")
    assert [guard["guard"] for guard in again["cache"]["guards"]] == ["reported"]


class TestMany:
    @pytest.fixture(autouse=True)
    def _entries(self, project: Project, change_model: Callable[..., None]) -> None:
        for verb in ("Refund", "Find", "Pay back", "Look up", "Search for", "Return", "Check"):
            request = PlanRequest(f"{verb} the order ORD-1", {"order_id": "ORD-1"})
            vector = plan_cache.embed(verb)
            assert plan_cache.store(project, request, PLAN, vector=vector, planned_by="model", cost={})
        change_model()

    def test_hits_are_served_meanwhile(self, api: Api, words: WordServer) -> None:
        served: list[str] = []

        def hit() -> None:
            served.append(ask(api, "Check the order {}", "ORD-2", cache="only")["status"])
            connection.close()

        get_embedder().embed(["dimensions"])
        batches = iter([lambda: None, hit])  # the first batch holds the newest entry, which is hit in the second
        words.before = lambda: next(batches, lambda: None)()
        run(batch=1)

        assert served == ["ready"]

    def test_one_that_ends_half_way_is_gone_on_with(self, words: WordServer) -> None:
        calls = iter(range(100))

        def fail_later() -> None:
            if next(calls) == 4:
                raise KeyboardInterrupt

        real = EndpointEmbedder.embed

        def embed(self: EndpointEmbedder, texts: Any) -> Any:
            fail_later()
            return real(self, texts)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(EndpointEmbedder, "embed", embed)
            with pytest.raises(KeyboardInterrupt):
                run(batch=1)
        moved = Entry.objects.filter(scope_facts__embedding_model="words-1").count()
        assert 0 < moved < 7
        assert not Reembedding.objects.exists()

        assert f"{7 - moved} entries looked at" in run(batch=1)

    def test_two_at_once_embed_nothing_twice(self, words: WordServer) -> None:
        refused: list[str] = []

        def again() -> None:
            words.before = lambda: None
            with pytest.raises(CommandError, match="Another run embeds entries for 'words-1'"):
                run()
            refused.append("yes")
            connection.close()

        get_embedder().embed(["dimensions"])
        words.before = again
        run(batch=2)

        assert refused == ["yes"]
        texts = [text for text in words.texts if "order" in text]
        assert len(texts) == len(set(texts)) == 7

    def test_a_run_that_was_killed_leaves_it_to_the_next_after_a_while(self) -> None:
        token = reembedding.begin("words-1", seconds=0.0)
        assert token is not None

        assert "7 entries" in run()
        assert not reembedding.extend("words-1", token, seconds=1.0)

    def test_one_text_that_the_server_refuses_holds_up_no_other(self, words: WordServer) -> None:
        words.refused = "Pay"

        told = run()

        assert "6  read and embedded anew" in told and "1  left: the embeddings server refuses their text" in told
        assert Entry.objects.filter(scope_facts__embedding_model="words-1").count() == 6

    def test_a_server_that_is_away_ends_it_with_what_to_do(
        self, words: WordServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("planengine.embeddings.reembedding.PAUSES", (0.0,))
        get_embedder().embed(["dimensions"])
        words.refused = ""

        with pytest.raises(CommandError, match="That text is not for me.* run it again"):
            run()
        assert not Reembedding.objects.exists()

    def test_a_fault_that_passes_is_waited_for(self, words: WordServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("planengine.embeddings.reembedding.PAUSES", (0.0, 0.0))
        monkeypatch.setattr("planengine.embeddings.embedders.REST_SECONDS", 0.1)
        get_embedder().embed(["dimensions"])
        real = words.answer
        answers: Iterator[tuple[int, Json]] = iter([(503, {}), (429, {})])
        monkeypatch.setattr(words, "answer", lambda texts: next(answers, None) or real(texts))

        assert "7  read and embedded anew" in run()

    def test_the_rate_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr("planengine.embeddings.reembedding.time.sleep", slept.append)

        run(batch=2, per_second=0.01)

        assert len(slept) == 4 and 600 < slept[-1] <= 700

    def test_what_cannot_be_read_is_left(self) -> None:
        Entry.objects.filter(action__startswith="Refund").update(params={"a": 1, "b": [{}]}, plan=[])
        Entry.objects.filter(action__startswith="Find").update(params=7)
        Entry.objects.filter(action__startswith="Check").update(template=[], recipe=[])

        told = run()

        assert "2  left: what is stored of them cannot be read" in told and "5  read and embedded anew" in told


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"batch": 0}, "--batch"),
        ({"per_second": 0.0}, "--per-second"),
        ({"per_second": float("nan")}, "--per-second"),
        ({"project": "p_unknown"}, "no project 'p_unknown'"),
        ({"project": "\x00"}, "no project"),
    ],
    ids=str,
)
def test_options_that_cannot_be(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run(**options)
