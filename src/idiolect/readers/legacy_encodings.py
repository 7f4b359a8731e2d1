"""Which of the encodings from before Unicode a text is in.

charset-normalizer says how much of a mess each of them makes of the bytes.  Of several that make
none, that one is taken whose characters beyond ASCII are such as one language is written with:
Latin-1 and Latin-2 make equally clean text of the same bytes, but only one of them makes Polish of it.
"""

import re
from collections import Counter

from charset_normalizer import from_bytes

from idiolect.readers.base import Block
from idiolect.readers.language import detect

COMMON_LEADS = {
    "cp949": (0xB0, 0xC8),
    "gb18030": (0xB0, 0xD7),
    "big5hkscs": (0xA4, 0xC6),
    "cp932": (0x82, 0x97),
    "euc_jp": (0xA4, 0xCF),
}
"""The first byte of a common character, least and greatest: Hangul, kana, the usual Chinese ones."""

ENCODINGS = (
    *COMMON_LEADS,
    *("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "cp1251", "koi8_u", "cp866", "iso8859_5"),
    *("cp1253", "iso8859_7", "cp1255", "cp1256", "iso8859_6", "cp874", "cp850"),
)
"""Of relations the widest alone, as koi8_u for koi8_r; of equals the first is taken."""

LATIN = {
    "bs": "čćđšž",
    "cs": "áčďéěíňóřšťúůýž",
    "da": "æøåé",
    "de": "äöüß",
    "es": "áéíñóúü",
    "et": "äõöüšž",
    "fr": "àâæçèéêëîïôœùûüÿ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áðéíóúýþæö",
    "it": "àèéìîòù",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "nl": "áéèëïíóöú",
    "pl": "ąćęłńóśźż",
    "pt": "àáâãçéêíóôõúü",
    "ro": "ăâîşţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
    "sv": "åäöé",
    "tr": "âçğıöşü",
}
"""The letters beyond ASCII of languages in Latin script."""

OTHER = {
    "ar": "ايلمنوترةبعدسهفأكقحج",
    "bg": "аоеинтрсвлкдпмъуязгб",
    "el": "αοιετσνηυρπκμλωςάίόέήύώδγ",
    "fa": "اینردهموتبسشکزگلپخع",
    "he": "יוהלאתרמשבנםחכדקפע",
    "ru": "оеаинтсрвлкмдпуяыьгзб",
    "th": "านรอกเงมยลวดทสตะปบคหแจพชขใไโ่้ัีิุู็์ำึื",
    "uk": "оаніивертслкдмупяьзбг",
}
"""The letters that most of a text consists of, for languages in other scripts."""

_MARKS = frozenset(
    "\u00a0\u00ad“”„‚‘’«»‹›–—…•·§°©®™€£¥±×²³µ½¼¾¿¡ªº†‡№、。「」『』（），．！？：；・ー～《》【】"
)
_INSIDE_A_WORD = re.compile(r"(?<=[^\W\d_])[^\w’·\s](?=[^\W\d_])")
_WORD_BEYOND_ASCII = re.compile(r"[^\W\d_]*[^\W\d_A-Za-z][^\W\d_]*")
_SHORT_WORD = 2
_MIXED = 0.6
"""What a letter counts that is another language's, as in a list of names."""
_WORST_MESS = 0.7
_LEAST_FIT = 0.5
_RANK = 0.003
"""What each place further down the list costs, in fit."""
_STEPS, _CHUNK = 5, 512
"""How many stretches of the sample are judged for mess, and their length in bytes."""
_SAMPLE_BYTES = 32_768
_BEFORE = 1_024
"""Bytes of ASCII that are kept on a long line ahead of what is not."""
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f]")


def guess(data: bytes) -> list[str]:
    """The encodings that make text of `data`, the likeliest first; empty where none does."""
    sample = beyond_ascii(data)
    ascii_only = sample.decode("ascii", "ignore")
    language = detect(ascii_only, [Block(start=0, end=len(ascii_only), kind="paragraph")])
    scores: dict[str, float] = {}
    # A sample of one long line may end in the middle of a character, which is of four bytes at most.
    for cut in range(4 if len(sample) >= _SAMPLE_BYTES else 1):
        for match in from_bytes(sample[: len(sample) - cut], _STEPS, _CHUNK, _WORST_MESS, list(ENCODINGS)):
            text = str(match)
            if _CONTROL.search(text):
                continue
            for encoding in set(match.could_be_from_charset).intersection(ENCODINGS):
                fit = _fit(text, encoding, language)
                if fit >= _LEAST_FIT:
                    score = fit - match.chaos - _RANK * ENCODINGS.index(encoding)
                    scores[encoding] = max(score, scores.get(encoding, score))
    return sorted(scores, key=lambda encoding: -scores[encoding])


def beyond_ascii(data: bytes) -> bytes:
    """The first lines that are more than ASCII, up to 32 KB: they alone tell one encoding from another."""
    lines: list[bytes] = []
    room, at = _SAMPLE_BYTES, 0
    while room > 0 and (match := _HIGH.search(data, at)):
        start = max(data.rfind(b"\n", at, match.start()) + 1, at, match.start() - _BEFORE)
        after = data.find(b"\n", match.start()) + 1 or len(data)
        lines.append(data[start : min(after, start + room)])
        room -= len(lines[-1])
        at = after
    return b"".join(lines)


def _fit(text: str, encoding: str, language: str) -> float:
    """The share of the characters beyond ASCII that are marks, or letters usual in one language."""
    beyond = Counter(character for character in text if character > "\x7f")
    inside = Counter(_INSIDE_A_WORD.findall(text))
    marks = sum(count - inside[character] for character, count in beyond.items() if character in _MARKS)
    if encoding not in COMMON_LEADS:
        letters = _usual_letters(text, language)
    else:
        first, last = COMMON_LEADS[encoding]
        letters = sum(
            count
            for character, count in beyond.items()
            if character not in _MARKS and first <= character.encode(encoding)[0] <= last
        )
    return (marks + letters) / max(beyond.total(), 1)


def _usual_letters(text: str, language: str) -> float:
    """How many letters are usual in `language`, or else in the one in which most are.

    Only languages in Latin script have letters of ASCII beside theirs in a word; capitals inside
    a word are not usual.
    """
    beside, alone = Counter[str](), Counter[str]()
    for word in _WORD_BEYOND_ASCII.findall(text):
        mixed = any("A" <= character <= "z" for character in word)
        if mixed or len(word) <= _SHORT_WORD:
            beside.update(word.lower())
        if not mixed:
            alone.update(word[:1].lower() + word[1:])
    latin = [LATIN[language]] if language in LATIN else LATIN.values()
    any_latin = set().union(*LATIN.values())
    return max(
        _MIXED * sum(beside[letter] for letter in any_latin),
        *(sum(beside[letter] for letter in letters) for letters in latin),
        *(sum(alone[letter] for letter in letters) for letters in OTHER.values()),
    )
