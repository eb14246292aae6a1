"""Renders conversations with an unknown chat template: a script, which `template_trial` runs in its own process.

It imports only Jinja, so that it starts quickly, and gives templates what Transformers gives them. It limits its own
computing time and memory, reads JSON from standard input, and writes the length of the longest text.
"""

import json
import sys
from contextlib import suppress
from datetime import datetime
from itertools import product
from typing import Any

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class _Generation(jinja2.ext.Extension):
    """The tag `generation` of Transformers, which marks answers."""

    tags = {"generation"}  # noqa: RUF012 (Jinja declares it without ClassVar)

    def parse(self, parser: Any) -> Any:
        """Return the statements inside the tag."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def main() -> None:
    """Render each conversation with and without the beginning of the next answer, and with and without tools."""
    asked = json.loads(sys.stdin.read())
    _limit(asked["seconds"], asked["bytes"])
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    longest = 0
    # Whatever a template says of a conversation, it says again when it is used; here, only time and space count.
    with suppress(jinja2.TemplateSyntaxError, RecursionError):
        template = environment.from_string(asked["template"])
        for conversation in asked["conversations"]:
            for begins_answer, tools in product((False, True), (None, asked["tools"])):
                try:
                    text = template.render(
                        messages=conversation,
                        add_generation_prompt=begins_answer,
                        tools=tools,
                        documents=None,
                        **asked["special_tokens"],
                    )
                except MemoryError:
                    raise
                except Exception:
                    continue
                longest = max(longest, len(text))
    print(longest)


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _limit(seconds: int, size: int) -> None:
    """Limit the computing time and the memory of this process, as far as the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main()
