"""What went wrong with a request."""

from __future__ import annotations

from rest_framework import serializers


class FaultSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One thing wrong with a body."""

    field = serializers.CharField(help_text="Where in the body: `input_schema`, `use_cases[2].action` …")
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """RFC 9457: what went wrong, with a stable code."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; meant for programs.")
    detail = serializers.CharField(help_text="What is wrong and what to do.")
    pointer = serializers.CharField(required=False, help_text="JSON pointer of the faulty part of the request.")
    problems = FaultSerializer(
        many=True, required=False, help_text="All that is wrong, where it was found out at once."
    )
    how_to_fix = serializers.ListField(child=serializers.CharField(), required=False)
