"""What is found and what is not, on values made up by their published rules."""

import gc
import random
import subprocess
import sys
import time

import pytest
from lifecycle.privacy.made_up import (
    CHECKED_IDS,
    SENTENCES,
    VALUES,
    altered,
    cards,
    github,
    ibans,
    interval,
    remains,
    written,
)

from idiolect.config import Privacy
from idiolect.lifecycle.privacy import detecting, masker
from idiolect.lifecycle.privacy.detecting import Detector
from idiolect.lifecycle.privacy.recognisers import recogniser

pytest.importorskip("presidio_analyzer")

COUNT = 120
LEAST = 0.95
"""What the lower end of recall's 95% interval must reach; with 120 values, one may be missed."""


@pytest.fixture(scope="module")
def detector():
    return Detector(Privacy())


@pytest.mark.parametrize("entity", VALUES)
def test_recall(entity, capsys):
    hide = masker(Privacy(), None)
    missed = []
    for text, value in written(entity, COUNT):
        masked = hide.masked(text)
        if entity not in masked.counts or remains(value, masked.text):
            missed.append(text)
    low, high = interval(COUNT - len(missed), COUNT)
    with capsys.disabled():
        sys.stdout.write(
            f"  {entity}: {COUNT - len(missed)} of {COUNT}, 95% interval {low:.3f} to {high:.3f}\n"
        )
    assert low >= LEAST, missed


@pytest.mark.parametrize("entity", ["iban", "card", "national_id", "secret"])
def test_wrong_checksums_are_not_flagged(entity, detector):
    rng = random.Random(7)
    make = {
        "iban": lambda: altered(next(ibans(rng)), rng),
        "card": lambda: altered(next(cards(rng)), rng),
        "national_id": lambda: altered(rng.choice(CHECKED_IDS)(rng), rng),
        "secret": lambda: altered(github("".join(rng.choices("abcdXYZ019", k=30))), rng),
    }[entity]
    decoys = [SENTENCES[number % len(SENTENCES)].replace("{}", make()) for number in range(COUNT)]
    assert [text for text in decoys if any(one.entity == entity for one in detector.find(text))] == []


AROUND = (
    "_{}_", "call_{}_2024", "\\_{}\\_", "**{}**", "|{}|", "x,{},12/27", "{}\u3002",
    "请联系{}获取答复", "電話は{}です", "번호 {}로 연락",
    "ติดต่อ{}ได้", "call.{}",
)  # fmt: skip
VALUE_OF = {
    "email": "mira.keller@werk-ost.de",
    "phone": "+49 30 90182077",
    "iban": "DE44 5001 0517 5407 3249 31",
    "card": "4539578763621486",
    "ip": "91.198.174.77",
    "national_id": "48213377H",
    "secret": "AKIAQX3V7LMTR2HN" + "C5ZD",
}


@pytest.mark.parametrize("entity", VALUE_OF)
def test_a_value_is_found_between_emphasis_underscores_commas_and_letters_without_spaces(entity, detector):
    value = VALUE_OF[entity]
    same = next(iter(detector.find(value)))
    for around in AROUND:
        if around.startswith(("call", "\\_")) and entity in ("email", "secret"):
            continue  # there _ or . may be a part of it
        if around.startswith("call.") and entity in ("card", "ip"):
            continue  # what stands behind a full stop may be a fraction, or a longer version
        text = around.replace("{}", value)
        found = [
            (one.value, text[one.start : one.end]) for one in detector.find(text) if one.entity == entity
        ]
        assert found == [(same.value, value)], text


def test_what_follows_a_suffix_is_no_part_of_an_address_and_a_line_may_break_within_an_iban(detector):
    for text in (
        "die mira@werk-ost.de-Adresse",
        "von 91.198.174.77-91.198.174.99",
        "ip:2a02:8071:b5a:1f00::17",
    ):
        assert detector.find(text), text
    assert [one.value for one in detector.find("91.198.174.77-91.198.174.99")] == [
        "91.198.174.77",
        "91.198.174.99",
    ]
    assert [one.value for one in detector.find("IBAN DE44 5001 0517\n5407 3249 31")] == [
        "DE44500105175407324931"
    ]


def test_what_stands_for_no_one_is_left(detector):
    texts = (
        "Bind 127.0.0.1, 0.0.0.0:4317, ::1 or [::]:80; masks are 255.255.255.0, groups 224.0.0.251 and ff02::1.",
        "The nets 10.0.0.0/8, 192.168.0.0/16 and fd00::/8; examples 192.0.2.7, 198.51.100.3 and 2001:db8::17.",
        "Since version 4.2.1.9, EC 3.4.21.4, OID 1.3.6.1.4.1, std::vector, dead::beef, 12:30:45, 00:1a:2b:3c:4d:5e.",
        "Write to user@example.com or you@example.org; clone git@host.works.org:pumps/book.git; use @keeper and a@b.",
        "password: required, token = authentication, secret: ${STATION_SECRET}, api_key: <YOUR_API_KEY>, pwd=********",
        "The pump-driver-4.2.1.9 and ratios of 0,4539578763621486 or 0.4539578763621486.",
        "AKIAIOSFODNN7EXAMPLE stands in a manual. PublicKeyToken=b77a5c561934e089 does so, too.",
        "Of 1234567 readings 0.0123456789 were wrong between 1998-2003 (10.1016/j.valve.2008.01.001, 2024-05-01).",
        "Order 4000 0000 0000 0000, timestamp 1700000000000, hash 9f86d081884c7d659a2feaa0c55ad015, 550e8400-e29b-41.",
    )
    assert {text: found for text in texts if (found := detector.find(text))} == {}


def test_another_name_at_a_domain_for_examples_is_found(detector):
    assert [one.value for one in detector.find("mira.keller@example.com")] == ["mira.keller@example.com"]


def test_no_less_is_found_than_over_the_whole_text(detector, monkeypatch):
    """The stretches that are searched are a saving alone."""
    texts = [text for entity in VALUES for text, _ in written(entity, COUNT, seed=5)]
    found = [detector.find(text) for text in texts]
    monkeypatch.setattr(detecting, "stretches", lambda text: [(0, len(text))])
    assert [detector.find(text) for text in texts] == found


PRESIDIO = {
    "email": ("generic.email_recognizer", "EmailRecognizer"),
    "iban": ("generic.iban_recognizer", "IbanRecognizer"),
    "card": ("generic.credit_card_recognizer", "CreditCardRecognizer"),
    "ip": ("generic.ip_recognizer", "IpRecognizer"),
}


@pytest.mark.parametrize("entity", PRESIDIO)
def test_all_that_presidio_finds_in_the_whole_text_is_found(entity, detector, monkeypatch):
    import tldextract

    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    whole = recogniser(*PRESIDIO[entity])
    monkeypatch.setattr(sys.modules.get("tldextract", tldextract), "extract", offline)
    for text, _ in written(entity, COUNT, seed=3):
        ours = [(one.start, one.end) for one in detector.find(text) if one.entity == entity]
        for theirs in whole.analyze(text, []):
            assert any(start < theirs.end and theirs.start < end for start, end in ours), text


HOSTILE = (
    "a@a.", "a@a", "1", "0100 ", "4111 ", "DE89", "deadbeef12345678 ", "://a:", "a:", "::", "1.", "(", "sk-", "xoxb-",
    "eyJaaaaaaaaaaaa.", "password", "password=a", "-----BEGIN PRIVATE KEY-----", "AccountKey=", "token='", "+1 ",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_text_alone(piece, detector):
    """Twice the text takes about twice the time: what a backtracking pattern takes grows with its square."""

    def seconds(characters: int) -> float:
        text = piece * (characters // len(piece))
        gc.collect()
        gc.disable()  # a collection that falls into it takes longer than the search
        try:
            began = time.process_time()
            detector.find(text)
            return time.process_time() - began
        finally:
            gc.enable()

    seconds(10_000)
    assert seconds(200_000) < 10 * max(seconds(50_000), 0.02)


@pytest.mark.timed
def test_a_megabyte_of_hostile_text_is_searched_for_secrets_in_two_seconds():
    from idiolect.lifecycle.privacy.secrets import secrets

    for piece in HOSTILE:
        text = piece * (1_000_000 // len(piece))
        began = time.process_time()
        list(secrets(text))
        assert time.process_time() - began < 2, piece


OFFLINE = """
import socket, sys
def refuse(*a, **k): raise AssertionError("the network was asked for")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from idiolect.config import Privacy
from idiolect.lifecycle.privacy import masker
print(masker(Privacy(), None).text("mira@werk-ost.de DE89 3704 0044 0532 0130 00 12345678Z 8.8.4.4 tel 020 7946 0018"))
assert not {"torch", "spacy", "transformers"} & set(sys.modules), sorted(sys.modules)
import presidio_analyzer
assert presidio_analyzer.AnalyzerEngine
"""


def test_nothing_is_fetched_and_no_engine_loaded_and_presidio_is_left_whole():
    done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [part.partition(":")[0] for part in done.stdout.replace(" tel", "").split()] == [
        "<email", "<iban", "<national_id", "<ip", "<phone",
    ]  # fmt: skip
