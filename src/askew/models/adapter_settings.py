"""Checks settings in an adapter's configuration that would make PEFT compute for ever, or take all memory.

PEFT matches regular expressions with the names of modules. Some expressions take for ever, such as `(a+)+$`, and
nothing stops one in the process that matches it. So all of them are tried first in another process, with a limit of
time. Plain names, which nearly all adapters have, need no trial.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from askew.base.errors import AskewError
from askew.base.untrusted import cut, visible

_SECONDS = 2.0
_LONGEST = 10_000  # characters
_PLAIN = re.compile(r"[\w.-]*")
# Settings whose value or items are expressions; so are the keys of settings that end in `_pattern`.
_EXPRESSIONS = ("target_modules", "exclude_modules", "feedforward_modules", "modules_to_save", "layers_pattern")
# Python without packages starts in hundredths of a second. Each expression is matched in the forms that PEFT uses.
_TRIAL = r"""
import json, re, sys
expressions, names = json.load(sys.stdin)
forms = r"(.*\.)?(%s)$", r"(^|.*\.)%s($|\..*)", r"(?:^|.*?\.)%s\.(?P<idx>\d+)\."
for expression in expressions:
    print(flush=True)
    for form in forms:
        for name in names:
            re.match(form.replace("%s", expression), name)
"""
# Settings for which PEFT makes a matrix of that size, before it looks at the weights.
_SIZES = (
    *("r", "init_r", "target_r", "num_virtual_tokens", "token_dim", "encoder_hidden_size", "encoder_num_layers"),
    *(
        "num_layers",
        "num_attention_heads",
        "n_frequency",
        "adapter_len",
        "adapter_layers",
        "num_transformer_submodules",
    ),
)
_ALWAYS_ALLOWED = 2**14


def check_settings(
    file: Path, config: Mapping[str, Any], own: Mapping[str, Sequence[int]], base: Iterable[str]
) -> None:
    """Check that PEFT can apply an adapter in a short time and in little memory.

    Args:
        file: The adapter_config.json, for errors.
        config: What it holds.
        own: The shapes of the adapter's weights, by name.
        base: The names of the weights of its base, as far as they are known.

    Raises:
        AskewError: A size is not that of any weight, or a regular expression is none or takes too long.
    """
    largest = max((size for shape in own.values() for size in shape), default=0)
    for setting in _SIZES:
        size = config.get(setting)
        if isinstance(size, int | float) and size > max(largest, _ALWAYS_ALLOWED):
            raise AskewError(f"{file} is damaged: {setting} is {size:g}, and no weight of the adapter is so large")
    replicated = config.get("layer_replication")
    ranges = replicated if isinstance(replicated, list) else []
    if any(isinstance(end, int) and end > len(own) for ends in ranges if isinstance(ends, list) for end in ends):
        raise AskewError(f"{file} is damaged: layer_replication names more layers than the adapter has weights")
    _check_expressions(file, list(_expressions(config)), {*own, *base})


def _check_expressions(file: Path, expressions: list[tuple[str, str]], weights: set[str]) -> None:
    """Check expressions, which are given with the setting that has them."""
    tried = [(setting, text) for setting, text in expressions if not _PLAIN.fullmatch(text)]
    if not tried:
        return
    for setting, text in tried:
        try:
            if len(text) > _LONGEST:
                raise re.error(f"more than {_LONGEST:,} characters")
            re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise AskewError(
                f"{file} is damaged: {visible(cut(text, 100))!r} in {setting} is not a regular expression of names of "
                f"modules ({visible(str(error))})"
            ) from error
    given = json.dumps([[text for _, text in tried], sorted(_modules(weights))]).encode()
    command = [sys.executable, "-I", "-S", "-c", _TRIAL]
    try:
        subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        setting, text = tried[max(0, len(error.stdout or b"") - 1)]
        raise AskewError(
            f"{file} has in {setting} a regular expression that takes more than {_SECONDS:g} s to match the names of "
            f"the modules: {visible(cut(text, 100))!r}. List the names of modules instead"
        ) from error


def _expressions(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each setting that has expressions, with each of them."""
    for setting, value in config.items():
        if setting.endswith("_pattern") and isinstance(value, dict):
            texts = list(value)
        elif setting in _EXPRESSIONS:
            texts = value if isinstance(value, list) else [value]
        else:
            continue
        yield from ((setting, text) for text in texts if isinstance(text, str))


def _modules(weights: Iterable[str]) -> set[str]:
    """Return the names of modules, one for all layers and experts: of those with weights, and of those with modules."""
    longest: dict[str, str] = {}
    for name in weights:
        same = re.sub(r"\d+", "0", name)
        longest[same] = max(name, longest.get(same, ""), key=len)
    words = [name.split(".") for name in longest.values()]
    return {".".join(one[:count]) for one in words for count in range(1, len(one) + 1)}
