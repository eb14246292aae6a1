import pytest

from askew.base.csv_cells import escaped, unescaped


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "\r=x", "'=x", "''-x"])
def test_formula_is_escaped_and_read_back(text: str) -> None:
    assert escaped(text) == f"'{text}"
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("value", ["-5", "+1e-3", -5, -0.5, None, "", "it's", "'quoted'"])
def test_other_cells_stay(value: object) -> None:
    assert unescaped(escaped(value)) == escaped(value) == value
