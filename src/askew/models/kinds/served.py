"""PROVIDER/NAME: a model that is served, by any of Inspect's providers."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds, unknown_model

# How the names of well-known models begin, by their provider in Inspect, for names that lack the provider.
_FAMILIES = {
    "openai": re.compile(r"(gpt-|chatgpt-|o\d)[\w.-]*$", re.IGNORECASE),
    "anthropic": re.compile(r"claude-[\w.-]+$", re.IGNORECASE),
    "google": re.compile(r"gemini-[\w.-]+$", re.IGNORECASE),
    "mistral": re.compile(r"(mistral|ministral|codestral|magistral)-[\w.-]+$", re.IGNORECASE),
    "grok": re.compile(r"grok-[\w.-]+$", re.IGNORECASE),
    "deepseek": re.compile(r"deepseek-[\w.-]+$", re.IGNORECASE),
}


class _Served(ModelKind):
    def claim(self, name: str) -> Claim:
        provider, _, rest = name.partition("/")
        return Claim.FALLBACK if provider and rest else Claim.NONE  # finding the providers is slow

    def resolve(self, name: str) -> ModelSpec:
        if name.partition("/")[0] not in _inspect_providers():
            raise unknown_model(name)
        return ModelSpec(name, None, None, name, tuned_from=_tuned_from(name))

    def suggestions(self, name: str) -> Iterable[str]:
        provider, _, rest = name.partition("/")
        near = get_close_matches(provider, _inspect_providers(), n=3, cutoff=0.75) if rest else []
        return [f"{one}/{rest}" for one in near]

    def completed(self, name: str) -> str:
        provider = next((provider for provider, form in _FAMILIES.items() if form.match(name)), "")
        return f"{provider}/{name}" if provider else ""


def _tuned_from(name: str) -> str:
    """Return the base of a fine-tune, which its provider puts into its name: PROVIDER/ft:BASE:…; "" for other names."""
    provider, sign, rest = name.partition("/ft:")
    return f"{provider}/{rest.partition(':')[0]}" if sign else ""


def _inspect_providers() -> list[str]:
    """Return the names of Inspect's providers, without ours."""
    import inspect_ai.model._providers.providers  # noqa: F401  (registers them)
    from inspect_ai._util.entrypoints import ensure_entry_points
    from inspect_ai._util.registry import registry_find, registry_unqualified_name

    ensure_entry_points()
    found = registry_find(lambda info: info.type == "modelapi")
    return sorted({registry_unqualified_name(provider) for provider in found} - {PROVIDER})


kinds.add("served", _Served({"PROVIDER/NAME": "a served model of any provider of Inspect, such as openai/… or vllm/…"}))
