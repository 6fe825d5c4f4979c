"""What the catalogues may say."""

import polib
import pytest

from tools.messages import narrow

pytestmark = pytest.mark.once


def entry(form: str) -> polib.POEntry:
    return polib.POEntry(msgid="A sentence.", msgstr=form)


@pytest.mark.parametrize(
    "form", ["已付款,正送来", "合计:%(sum)s", "送到哪?", "%(sum)s,记给结对家庭"]
)
def test_a_latin_mark_in_a_chinese_sentence_is_found(form):
    assert narrow(entry(form)) == [form]


@pytest.mark.parametrize("form", ["今天 10:32", "¥1,694.34", "已付款，正送来"])
def test_figures_and_wide_marks_are_fine(form):
    assert narrow(entry(form)) == []
