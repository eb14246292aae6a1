"""PROVIDER/NAME: a model that is served, by any of Inspect's providers."""

from collections.abc import Iterable

from askew.models.names import PROVIDER, Claim, ModelKind, ModelSpec, kinds, unknown_model


class _Served(ModelKind):
    def claim(self, name: str) -> Claim:
        provider, _, rest = name.partition("/")
        return Claim.FALLBACK if provider and rest else Claim.NONE  # finding the providers is slow

    def resolve(self, name: str) -> ModelSpec:
        if name.partition("/")[0] not in _inspect_providers():
            raise unknown_model(name)
        return ModelSpec(name, None, None, name, tuned_from=_tuned_from(name))

    def suggestions(self, name: str) -> Iterable[str]:
        rest = name.partition("/")[2]
        return [f"{provider}/{rest}" for provider in _inspect_providers()] if rest else []


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
