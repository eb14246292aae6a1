"""The variables of a chat template that a user may set, such as `enable_thinking`.

Inspect's settings of a request carry them in the field `chat_template_kwargs`, as servers with OpenAI's API do.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from askew.base.errors import AskewError

if TYPE_CHECKING:
    from inspect_ai.model import GenerateConfig

FIELD = "chat_template_kwargs"
"""The field of a request that holds variables of the chat template."""

RESERVED = (
    *("messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token", "pad_token", "unk_token"),
    *("raise_exception", "strftime_now", "chat_template", "conversation", "continue_final_message", "tokenize"),
    *("padding", "truncation", "max_length", "return_tensors", "return_dict", "return_assistant_tokens_mask"),
    "tokenizer_kwargs",
)
"""Names that Transformers or Askew set when a template is rendered."""

# A tag of Transformers, which marks the turns of the assistant.
_GENERATION = re.compile(r"{%-?\s*(?:end)?generation\s*-?%}")


def variables_of_request(config: "GenerateConfig") -> dict[str, Any]:
    """Return the variables of the chat template in the settings of a request to a model on this machine.

    Raises:
        AskewError: The settings have other fields too.
    """
    fields = dict(config.extra_body or {})
    variables = fields.pop(FIELD, {})
    if fields:
        raise AskewError(f"models on this machine take no request field {next(iter(fields))!r}; they take {FIELD}")
    return dict(variables)


def check_variables(names: Mapping[str, Any], template: object, source: object) -> None:
    """Check that a chat template has variables.

    Args:
        names: The variables.
        template: The chat template.
        source: The model's folder or name, for the error.

    Raises:
        AskewError: It lacks one of them.
    """
    known = variables_of_template(template) if isinstance(template, str) else set[str]()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known)) or 'none'}"
            raise AskewError(f"the chat template of {source} has no variable {name!r}: {hint}")


def variables_of_template(template: str) -> set[str]:
    """Return the names that a chat template reads and that a user may set; empty for a broken template."""
    from jinja2 import Environment, TemplateSyntaxError, meta

    environment = Environment(extensions=["jinja2.ext.loopcontrols"])
    try:
        found = meta.find_undeclared_variables(environment.parse(_GENERATION.sub("", template)))
    except TemplateSyntaxError:
        return set()
    return found - {*RESERVED, *environment.globals}
