"""The form of a service: the checks of the API, and before anything is stored what storing it would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from orra.base.strictjson import InvalidJson, Json, parse, same
from orra.operators.display import brief
from planengine.catalogue import registry
from planengine.catalogue.annotations import HINTS, check_annotations
from planengine.catalogue.capabilities import check_capabilities
from planengine.catalogue.errors import ExamplesInvalid, RegistrationInvalid
from planengine.catalogue.examples import check_examples, read_example
from planengine.catalogue.prospects import Prospect, prospect_of
from planengine.catalogue.schemas import ObjectSchema, check_input_schema, check_schema, compile_input_schema
from planengine.models import Project, Service

MAX_FAULTS_SHOWN = 5


class JsonField(forms.CharField):
    """JSON as text, checked as the API checks it. With ``if_empty`` it may be left empty and is then that."""

    def __init__(self, *, check: Callable[[Json], None], rows: int, if_empty: Json = None, **more: Any) -> None:
        shown = {"rows": rows, "cols": 90, "class": "orra-code", "spellcheck": "false"}
        super().__init__(widget=forms.Textarea(attrs=shown), required=if_empty is None, **more)
        self._check, self._if_empty = check, if_empty

    def prepare_value(self, value: Json) -> Any:
        typed = value is None or isinstance(value, str)
        return value if typed else json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Json:
        text = super().to_python(value)
        if not text:
            return self._if_empty
        try:
            parsed = parse(text)
            self._check(parsed)
        except InvalidJson as error:
            raise forms.ValidationError(str(error), code=error.code) from None
        except RegistrationInvalid as error:
            raise _refusal(error) from None
        return parsed

    def run_validators(self, value: Any) -> None:
        """None of a text's: they ran on what was typed."""

    def has_changed(self, initial: Json, data: Json) -> bool:
        try:
            return not same(initial, parse(str(data or "")))
        except InvalidJson:
            return True


def _refusal(error: RegistrationInvalid) -> forms.ValidationError:
    where = f"At {brief(error.path)}: " if error.path else ""
    return forms.ValidationError(f"{where}{error.message}", code=error.code)


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Valid only when what it would do was looked at: ``confirmed`` is the token of its :attr:`prospect`, which is
    there whenever the fields themselves are right. ``outdated``: somebody changed the service in between."""

    prospect: Prospect | None = None
    outdated = False

    description = forms.CharField(
        max_length=registry.MAX_DESCRIPTION_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 90}),
        help_text="What it does: planners choose by this.",
    )
    input_schema = JsonField(
        check=check_input_schema,
        rows=16,
        help_text="A JSON Schema (Draft 2020-12) of type object; references must be local.",
    )
    output_schema = JsonField(check=check_schema, rows=16, help_text="The same for what it answers.")
    annotations = JsonField(
        check=check_annotations,
        rows=4,
        if_empty={},
        help_text=f"What it says of its effects: {', '.join(HINTS)}, each true or false. Empty: it has side "
        "effects and may be destructive.",
    )
    examples = JsonField(
        check=lambda examples: None,  # it takes the inputs to judge them
        rows=8,
        if_empty=[],
        help_text="Requests that it was made for, in a list: "
        '"Cancel order {order_id}" or {"action": …, "params": …}.',
    )
    capabilities = JsonField(
        check=check_capabilities,
        rows=4,
        if_empty=[],
        help_text='What it can do, in the words of groundings, in a list: "verify refund eligibility".',
    )

    class Meta:
        model = Service
        fields = ("project", "name", *registry.MEMBERS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].validators.append(RegexValidator(registry.NAME, registry.NAME_RULE))

    def clean_description(self) -> str:
        """Browsers send other line ends and Django cuts spaces off: what nobody touched stays as it was."""
        typed, stored = self.cleaned_data["description"].replace("\r\n", "\n"), self.initial.get("description")
        if isinstance(stored, str) and stored.replace("\r\n", "\n").strip() == typed:
            return stored
        return str(typed)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "examples" in cleaned and "input_schema" in cleaned:
            inputs = compile_input_schema(cleaned["input_schema"])
            try:
                check_examples(cleaned["examples"], inputs)
            except RegistrationInvalid as error:
                faults = _unfit(cleaned["examples"], inputs)
                self.add_error("examples", faults if len(faults) > 1 else _refusal(error))
        return cleaned

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        project = self.instance.project if self.instance.project_id else self.cleaned_data["project"]
        # Held until the request's transaction ends: what was confirmed is what is stored.
        project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        facts = {member: self.cleaned_data[member] for member in registry.MEMBERS}
        self.prospect = prospect_of(project, self.cleaned_data.get("name") or self.instance.name, facts)
        confirmed = str(self.data.get("confirmed", ""))
        self.outdated = bool(confirmed) and not confirmed.startswith(self.prospect.state)
        return bool(self.prospect.changed) and confirmed == self.prospect.token


def _unfit(examples: Json, inputs: ObjectSchema) -> list[str]:
    """The examples that do not fit the inputs, each with the reason."""
    faults = []
    for place, example in enumerate(examples if isinstance(examples, list) else []):
        try:
            read_example(example, inputs)
        except ExamplesInvalid as error:
            faults.append(f"At /{place}{error.path}: {brief(error.message, 400)}")
    if len(faults) < 2:
        return faults
    more = [f"And {len(faults) - MAX_FAULTS_SHOWN} more."] if len(faults) > MAX_FAULTS_SHOWN else []
    told = f"{len(faults)} of the {len(examples)} examples do not fit these inputs: change them or take them out."
    return [told, *faults[:MAX_FAULTS_SHOWN], *more]
