"""Texts of a few sentences in the encodings that people's old files are in."""

import codecs
import io

import pytest

from idiolect.errors import InputError
from idiolect.readers.decoding import decode, encoding_of

TEXTS = {
    "de": "Der Gärtner gießt die Beete früh am Morgen. Die Möhren brauchen weniger Wasser als die Gurken.",
    "fr": "Le jardin est arrosé chaque matin avant que le soleil ne soit trop élevé. Même en été, ça suffit.",
    "es": "El jardín se riega todas las mañanas. ¿Cuánta agua necesitan los tomates? Más que el maíz.",
    "sv": "Trädgården vattnas varje morgon innan solen står högt. Ärtorna behöver något mindre vatten.",
    "pl": "Ogród podlewa się każdego ranka, zanim słońce wzejdzie wysoko. Rośliny rosną wśród gęstych liści.",
    "cs": "Zahrada se zalévá každé ráno, než slunce vystoupí příliš vysoko. Rajčata rostou u zdi a mají žízeň.",
    "hu": "A kertet minden reggel megöntözzük, mielőtt a nap magasra emelkedne. A fűszerek között nő a kömény.",
    "tr": "Bahçe her sabah güneş yükselmeden sulanır. Domatesler en çok suya ihtiyaç duyar, ışık da gerekir.",
    "ru": "Сад поливают каждое утро, пока солнце не поднялось высоко. Помидорам нужно больше всего воды.",
    "uk": "Сад поливають щоранку, поки сонце не піднялося високо. Помідорам потрібно найбільше води.",
    "el": "Ο κήπος ποτίζεται κάθε πρωί πριν ο ήλιος ανέβει ψηλά. Οι ντομάτες χρειάζονται το περισσότερο νερό.",
    "he": "הגינה מושקית בכל בוקר לפני שהשמש עולה. העגבניות צריכות הכי הרבה מים.",
    "ar": "تسقى الحديقة كل صباح قبل أن ترتفع الشمس، والطماطم تحتاج إلى أكثر الماء.",
    "th": "สวนถูกรดน้ำทุกเช้าก่อนที่ดวงอาทิตย์จะสูง มะเขือเทศต้องการน้ำมากที่สุด",
    "ja": "庭には毎朝水をやります。トマトはいちばん多くの水を必要とします。豆は棒に沿って登ります。",
    "zh": "每天早晨太阳升高之前都要给花园浇水，番茄需要的水最多，豆子需要的水比较少。",
    "zh-tw": "每天早晨太陽升高之前都要給花園澆水，番茄需要的水最多，豆子需要的水比較少。",
    "ko": "매일 아침 해가 높이 뜨기 전에 정원에 물을 줍니다. 토마토가 가장 많은 물을 필요로 합니다.",
}
ENCODED = [
    *(("de", "latin-1"), ("de", "iso8859-15"), ("de", "cp850"), ("fr", "latin-1"), ("es", "cp1252")),
    *(("sv", "latin-1"), ("pl", "iso8859-2"), ("pl", "cp1250"), ("cs", "iso8859-2"), ("cs", "cp1250")),
    *(("hu", "iso8859-2"), ("tr", "cp1254"), ("ru", "koi8-r"), ("ru", "cp1251"), ("ru", "cp866")),
    *(("ru", "iso8859-5"), ("uk", "cp1251"), ("uk", "koi8-u"), ("el", "iso8859-7"), ("he", "cp1255")),
    *(("ar", "cp1256"), ("th", "tis-620"), ("ja", "shift-jis"), ("ja", "euc-jp"), ("ja", "iso2022-jp")),
    *(("zh", "gb18030"), ("zh", "gbk"), ("zh-tw", "big5"), ("ko", "euc-kr")),
]
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize(("language", "encoding"), ENCODED)
def test_a_text_of_two_sentences_comes_out_right(language: str, encoding: str) -> None:
    assert decode(TEXTS[language].encode(encoding)) == TEXTS[language]


@pytest.mark.parametrize("language", ["de", "ru", "ja"])
@pytest.mark.parametrize("encoding", UNICODE)
def test_unicode_is_told_with_and_without_its_mark(language: str, encoding: str) -> None:
    text = f"{TEXTS[language]} 1 2 3\nNext line"
    assert decode(text.encode(encoding).replace(b"\n", b"\r\n" if "8" in encoding else b"\n")) == text


@pytest.mark.parametrize(("language", "encoding"), ENCODED)
def test_rare_letters_in_much_ascii_are_enough(language: str, encoding: str) -> None:
    text = "A line of code = 1;\n" * 20_000 + f"{TEXTS[language]}\n" + "Another line of it;\n" * 100
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("language", ["de", "pl", "ru", "ja", "zh"])
def test_one_long_line_is_told_as_well(language: str) -> None:
    encoding = {"de": "cp1252", "pl": "cp1250", "ru": "koi8-r", "ja": "cp932", "zh": "gb18030"}[language]
    for shift in range(4):
        text = "x" * shift + TEXTS[language] * 1_500
        assert decode(text.encode(encoding)) == text


def test_names_from_many_languages_are_western() -> None:
    text = "Zoë, Ångström and Señor Núñez met in a naïve café – for €5."
    assert decode(text.encode("cp1252")) == text


def test_an_encoding_that_is_declared_is_taken() -> None:
    assert decode('# -*- coding: koi8-r -*-\nx = "Ё"'.encode("koi8-r"), declared=True).endswith('"Ё"')
    page = '<meta charset="iso-8859-1"><p>– é'
    assert decode(page.encode("cp1252"), declared=True) == page
    assert decode(b"<meta charset=nonsense><p>caf\xe9 au lait", declared=True).endswith("café au lait")


def test_utf8_with_a_few_faults_is_still_utf8() -> None:
    text = TEXTS["ru"] * 3
    broken = text.encode() + b"\xd0 and the end"
    assert decode(broken) == f"{text}\ufffd and the end"


def test_ascii_with_a_stray_byte_is_still_read() -> None:
    assert (
        decode(b"The garden is watered. " * 20 + b"\x01\x8d") == "The garden is watered. " * 20 + "\x01\ufffd"
    )


@pytest.mark.parametrize(
    ("data", "category"),
    [
        (bytes(range(256)), "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)) * 3, "undecodable"),
        (codecs.BOM_UTF16_LE + b"a", "undecodable"),
        (b"\x00\x00\x01\x02" * 50, "binary"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, category: str) -> None:
    with pytest.raises(InputError, match=f"^{category}: "):
        decode(data)
    if data[:2] != codecs.BOM_UTF16_LE:
        with pytest.raises(InputError, match=f"^{category}: "):
            encoding_of(io.BytesIO(data))


@pytest.mark.parametrize(("language", "encoding"), [("de", "cp1252"), ("ru", "koi8-r"), ("ja", "cp932")])
def test_a_stream_is_judged_wherever_it_leaves_ascii(language: str, encoding: str) -> None:
    text = "A row, of ASCII\n" * 200_000 + f"{TEXTS[language]}\n" * 3
    assert text.encode(encoding).decode(encoding_of(io.BytesIO(text.encode(encoding)))) == text
    assert encoding_of(io.BytesIO(text.encode())) == "utf-8"
