"""Values that a writer of files would not expect, or would not produce."""

from typing import Any

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 3.5, -0.0, 2**63, 10**30, 1e308, 1e-320),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, ["a", 1, None], {"a": 1, "1": 2}),
    *(
        "",
        " ",
        "\0",
        "\n",
        "a\nb",
        "\x1b[31m",
        "\u202e",
        "\U0001f600",
        "\u0663",
        "a" * 10_000,
        "NaN",
        "1e999",
        "null",
        "0x1F",
    ),
    *("../../etc/passwd", "/dev/null", "=1+1", "2026-02-30", "100%", "%s{0}{x}", "(a+)+$", "[", "*", "a#b-0", "a+b"),
    *("hf/x/y", "openai/x", "{{ 1 // 0 }}", "{% for x in range(9) %}x{% endfor %}"),
]
# What a writer would not produce, put in the place of a value.
RAW_JSON = [
    *("9" * 5_000, "[" * 5_000 + "]" * 5_000, "[" * 300 + "]" * 300, '{"a":' * 3_000, ""),
    *r"""1e999
-1e999
1.7976931348623157e309
NaN
Infinity
01
0x10
-
"\ud800"
"\udfff\ud800"
"\u0000"
"\x"
'a'
"a
[,]
{a: 1}
{"a": 1, "a": 2}
{"\ud83d": 1}
/* */ 1
[1] [2]""".splitlines(),
]
RAW_YAML = [
    *("9" * 5_000, "[" * 3_000 + "]" * 3_000, "{a: " * 2_000 + "}" * 2_000, "\t"),
    *r"""1e999
.inf
.nan
2026-01-01
2026-13-45
0o99
0b2
1_0
190:20:30
!!int abc
!!int 1:99999999999:5
!!float x
!!timestamp x
!!bool 3
!!null 4
!!binary ===
!!set {a, b}
!!omap [a]
!!pairs [a]
!!python/object/apply:os.getcwd []
!x y
&a [*a]
&a {b: *a}
*b
{<<: {a: 1}}
{<<: 3}
? [a, b]
{? [a] : b}
{{a: 1}: 2}
{a: 1, a: 2}
"\ud800"
"\0"
'
"
|
>-
- - - -
@a
%a
~
<<
---
...
[a, b""".splitlines(),
]
# Numbers of layers, widths and so on that would take hours or all memory.
SIZES = [-5, 0, 3, 500, 4_000, 20_000, 10**6, 2**31, 10**10, 10**30, 1e308]
# Expressions that take for ever on names of modules, are none, or are harmless.
EXPRESSIONS = [
    *(
        "(a+)+$",
        "(.*)*x",
        "(.+)+$^",
        "([a-z._0-9]+)*!",
        ".*.*.*.*.*.*.*.*.*.*!",
        "(.|_)*(.|_)*(.|_)*(.|_)*(.|_)*!",
        "(?:.?){40}!",
    ),
    *(
        "(?:\\w+\\.?)+!",
        "((((((((((a",
        "*",
        "(?P<idx>x)",
        "(?i)Q_PROJ",
        "\\1",
        "[",
        "q_proj",
        "layers.0.self_attn.q_proj",
    ),
    *("model.layers.*.q_proj", r".*(self_attn|mlp).*(q|k|v|o)_proj$", "^q_proj", "a" * 20_000, "", "all-linear"),
]
PIECES = [
    *(b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[2J"),
    *(b"\r", b"\n", b"\n\n", b"\t", b'"', b'""', b"'", b"\\", b"{", b"}", b"[", b"]", b",", b";", b":", b"- ", b"#"),
    *(b"---\n", b"&a ", b"*a", b"!!int ", b"null", b"NaN", b"1e999", b"\\ud800", b"\\u0000"),
    *(b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000),
]
