"""Cuts that touch: nothing of a text is lost between two of them."""

import pytest

from idiolect.chunking.sentences import item_spans, line_spans, sentence_spans

TEXTS = [
    "Dr. Reed waters. Then she rests.\n\nBeans climb. 😀 Peas too!",
    "每天浇水。番茄最多！",
    "  leading space. And more.  \n\n",
    "one",
    "\n\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_spans_touch_and_cover(text: str) -> None:
    for spans in (sentence_spans(text, "en"), line_spans(text), item_spans(text)):
        assert "".join(text[start:end] for start, end in spans) == text


def test_sentences_are_found_in_their_language() -> None:
    english = "Dr. Reed waters. Then she rests.\n\nBeans climb."
    assert [english[start:end].strip() for start, end in sentence_spans(english, "en")] == [
        "Dr. Reed waters.",
        "Then she rests.",
        "Beans climb.",
    ]
    chinese = "每天浇水。番茄最多！"
    assert [chinese[start:end] for start, end in sentence_spans(chinese, "zh")] == [
        "每天浇水。",
        "番茄最多！",
    ]


def test_list_items_keep_their_continuation_lines() -> None:
    text = "- beans\n  and peas\n- leeks\n\n1. kale"
    assert [text[start:end].strip() for start, end in item_spans(text)] == [
        "- beans\n  and peas",
        "- leeks",
        "1. kale",
    ]
