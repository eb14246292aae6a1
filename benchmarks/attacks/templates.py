"""Chat templates by somebody else: each is used, or refused in words, and none takes long or leaves its sandbox."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from askew.base.errors import AskewError
from askew.models.chat_template import rendered, renders_reasoning, takes_system_turns
from askew.models.template_trial import check_template
from askew.models.tokenizers import load_tokenizer
from askew.worlds import terrarium
from attacks import Row

LONGEST = 6.0  # seconds: a limit of 5 that is looked at twice a second
PLAIN = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
TURNS = [{"role": "user", "content": "Are you well? Please say it now."}]
LEAKS = ("<class", "<module", "<function", "built-in", "root:", "subclasses", "PATH")


class Kind(NamedTuple):
    """A kind of template.

    Attributes:
        name: The kind in a few words.
        make: Makes a template.
        is_slow: Whether it takes seconds until such a template is refused, so that fewer are tried.
        must_fail: Whether such a template must be refused.
    """

    name: str
    make: Callable[[Random], str]
    is_slow: bool = False
    must_fail: bool = True


def attack(count: int) -> list[Row]:
    """Try `count` templates, spread over the kinds; a hundredth of that for kinds that take seconds each."""
    with tempfile.TemporaryDirectory() as name:
        canary = Path(name) / "canary"
        CANARY[:] = [str(canary)]
        rows = [_attack(kind, max(2, count // len(KINDS) // (25 if kind.is_slow else 1))) for kind in KINDS]
        assert not canary.exists(), "a template wrote a file"
    return rows


CANARY: list[str] = []


def _attack(kind: Kind, count: int) -> Row:
    failures: list[str] = []
    for number in range(count):
        template = kind.make(Random(f"{kind.name} {number}"))
        if problem := _problem(kind, template):
            failures.append(f"{problem}: {template[:150]!r}")
    return Row(f"chat templates: {kind.name}", count, count - len(failures), failures)


def _problem(kind: Kind, template: str) -> str:
    began = time.monotonic()
    tokenizer = load_tokenizer(terrarium.checkpoint("assistant"))
    tokenizer.chat_template = template
    text = ""
    try:
        check_template(template, tokenizer.special_tokens_map, "the model")
        takes_system_turns(tokenizer)
        renders_reasoning(tokenizer)
        text = str(tokenizer.decode(rendered(tokenizer, TURNS)))
        refused = False
    except AskewError as error:
        refused = bool(str(error).strip())
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    seconds = time.monotonic() - began
    if seconds > LONGEST:
        return f"took {seconds:.1f} s"
    if leak := next((leak for leak in LEAKS if leak in text), ""):
        return f"shows {leak}"
    return "it is used" if kind.must_fail and not refused else ""


def _any(templates: Sequence[str]) -> Callable[[Random], str]:
    return lambda rng: rng.choice(templates)


def _endless(rng: Random) -> str:
    depth, width = rng.randint(2, 5), rng.choice([30_000, 99_999])
    opened = "".join(f"{{% for a{level} in range({width}) %}}" for level in range(depth))
    return f"{opened}{rng.choice(['', '{% set x = 1 %}'])}{'{% endfor %}' * depth}{PLAIN}"


def _endless_for_some(rng: Random) -> str:
    """Loop only for a text that no trial has: the last line of defence."""
    word = rng.choice(["well", "Please", "now"])
    return f"{{% if '{word}' in messages[-1]['content'] %}}{_endless(rng)}{{% endif %}}{PLAIN}"


def _doubled(times: int) -> str:
    return f"{{% set n = namespace(t='x') %}}{{% for a in range({times}) %}}{{% set n.t = n.t ~ n.t %}}{{% endfor %}}"


def _long(rng: Random) -> str:
    return rng.choice(
        [
            f"{{% for a in range({rng.randint(5_000, 50_000)}) %}}{{{{ 'x' * 1000 }}}}{{% endfor %}}",
            f"{{{{ 'x' * {rng.randint(2, 99)}000000 }}}}",
            f"{_doubled(24)}{{{{ n.t }}}}",
            "{{ messages[0]['content'].center(5000000) }}",
        ]
    )


def _memory(rng: Random) -> str:
    size = rng.choice(["10**10", "9999999999", "2**34"])
    return rng.choice(
        [
            f"{{{{ ('x' * {size})|length }}}}",
            f"{{{{ ([0] * {size})|length }}}}",
            f"{_doubled(40)}{{{{ n.t|length }}}}",
        ]
    )


def _recursive(rng: Random) -> str:
    return rng.choice(
        [
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% macro f(n) %}{{ g(n) }}{% endmacro %}{% macro g(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
            "{% for m in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            "{{ " + "(" * rng.randint(300, 3000) + "1" + ")" * 3000 + " }}",
        ]
    )


def _attributes(rng: Random) -> str:
    act = rng.choice(["popen('id').read()", f"system('touch {CANARY[0]}')", "environ"])
    start = rng.choice(
        [
            "''.__class__.__mro__[1].__subclasses__()",
            f"cycler.__init__.__globals__.os.{act}",
            f"lipsum.__globals__['os'].{act}",
            f"raise_exception.__globals__['__builtins__']['__import__']('os').{act}",
            f"messages.__init__.__globals__.os.{act}",
            "namespace.__init__.__globals__",
            "self._TemplateReference__context",
            "messages|map(attribute='__class__')|list",
            "('%s'|format)('x').__class__",
            "messages[0].keys.__self__.__class__",
            "'{0.__class__.__mro__}'.format(messages)",
            "'{0.__init__.__globals__}'.format_map({'0': messages})",
        ]
    )
    return f"{PLAIN}{{{{ {start} }}}}"


def _slow_operation(rng: Random) -> str:
    digits = rng.choice(["9**(9**9)", "2**999999999", "7**(10**9)"])
    return f"{{% set x = messages|length %}}{{{{ ((x + {digits}) % 7) }}}}{PLAIN}"


KINDS = (
    Kind("endless loops", _endless, is_slow=True),
    Kind("endless loops for some texts only", _endless_for_some, is_slow=True),
    Kind("single operations without end", _slow_operation, is_slow=True),
    Kind("long texts", _long),
    Kind("much memory", _memory),
    Kind("recursion", _recursive),
    Kind("attributes of Python", _attributes, must_fail=False),
    Kind(
        "files and modules",
        _any(
            [
                "{% include '/etc/passwd' %}",
                "{% import 'os' as os %}{{ os.environ }}",
                "{% from 'os' import environ %}{{ environ }}",
                "{% extends '/etc/passwd' %}",
            ]
        ),
    ),
    Kind(
        "refused roles",
        _any(
            [
                "{{ raise_exception('no roles') }}",
                "{% for m in messages %}{% if m.role != 'tool' %}{{ raise_exception(m.role) }}{% endif %}{% endfor %}",
                "{% if messages[1]['role'] == 'user' %}{% endif %}" + "{{ messages[1]['content'] + 1 }}",
            ]
        ),
    ),
    Kind(
        "broken syntax",
        lambda rng: (
            PLAIN[: rng.randrange(4, len(PLAIN) - 12)] + rng.choice(["{% if", "{{", "{%", "{% endmacro %}", "}}{{ |"])
        ),
    ),
    Kind(
        "failing programs",
        _any(
            [
                "{{ 1 / 0 }}",
                "{{ messages[9]['content'] + 'x' }}",
                "{{ [].pop() }}",
                "{{ {}['a']['b'] }}",
                "{{ 'x'.encode('nothing') }}",
                "{{ messages.append(1) }}",
                "{{ strftime_now(1) }}",
                "{{ [1, 'a']|sort }}",
            ]
        ),
    ),
    Kind(
        "what is no text",
        _any(
            [
                "{{ messages }}",
                "{{ none }}",
                "{{ 1 }}",
                "{{ namespace() }}",
                "{{ undefined_thing }}",
                "{{ range(3) }}",
                "",
            ]
        ),
        must_fail=False,
    ),
)
