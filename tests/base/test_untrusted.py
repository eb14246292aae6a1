from askew.base.untrusted import cut, visible


def test_control_characters_are_made_visible() -> None:
    assert visible("a\x1b[31mb\u202ec\x00\u200b\ud800\u2028") == (
        "a⟨U+001B⟩[31mb⟨U+202E⟩c⟨U+0000⟩⟨U+200B⟩⟨U+D800⟩⟨U+2028⟩"
    )
    assert visible("lines\n\tand ümläute, 漢字, 🙂") == "lines\n\tand ümläute, 漢字, 🙂"


def test_long_texts_are_cut() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
