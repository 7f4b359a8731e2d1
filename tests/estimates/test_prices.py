"""What tokens cost: from a file, for nothing on this machine, and never guessed."""

import pytest

from idiolect.config import Generate
from idiolect.errors import ConfigError
from idiolect.estimates.prices import is_loopback, load, pricing, quote
from idiolect.files import write_text
from idiolect.teachers.endpoint import of_teacher


def asking(model, url="https://api.openai.com/v1", prices=""):
    """The file of prices and the endpoint, as `quote` takes them."""
    return prices, of_teacher(Generate(teacher="llm", base_url=url, model=model))


@pytest.fixture
def own_file(tmp_path):
    path = tmp_path / "prices.toml"
    write_text(
        path,
        '[models."big*"]\nprompt = 2.0\ncompletion = 8.0\n'
        '[models."big-*-mini"]\nprompt = 0.5\ncompletion = 1.0\ncurrency = "EUR"\n'
        '[models."big-1"]\nprompt = 3.0\ncompletion = 9.0\nhost = "llm.example"\n',
    )
    return str(path)


def test_every_packaged_price_says_whose_and_when_and_where_it_was_read():
    for name, price in load().models.items():
        assert price.prompt > 0, name
        assert price.host, name
        assert price.as_of, name
        assert price.source.startswith("https://"), name


def test_a_known_model_is_priced_and_its_date_told():
    cost = quote(*asking("gpt-4o-mini"), 2_000_000, 1_000_000)
    assert cost.amount == pytest.approx(2 * 0.15 + 0.60)
    assert "2024-07" in cost.note


def test_the_same_name_at_another_seller_is_another_model():
    cost = quote(*asking("gpt-4o-mini", "https://other.example/v1"), 1, 1)
    assert cost.amount is None
    assert 'add [models."gpt-4o-mini"]' in cost.note
    assert "other.example" in cost.note


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1"])
def test_an_endpoint_on_this_machine_costs_nothing(host):
    assert is_loopback(host)
    shown = f"[{host}]" if ":" in host else host
    assert quote(*asking("anything", f"http://{shown}:8000/v1"), 10**9, 10**9).amount == 0.0


def test_other_machines_are_not_this_one():
    assert not any(is_loopback(host) for host in ("10.0.0.1", "localhost.example", "", "api.openai.com"))


def test_the_longest_pattern_fits_best_and_a_name_before_any(own_file):
    assert quote(*asking("big-2-mini", prices=own_file), 1_000_000, 0).amount == 0.5
    assert quote(*asking("big-2-mini", prices=own_file), 1_000_000, 0).currency == "EUR"
    assert quote(*asking("big-2", prices=own_file), 1_000_000, 0).amount == 2.0
    assert quote(*asking("big-1", "https://llm.example/v1", own_file), 1_000_000, 0).amount == 3.0
    assert quote(*asking("big-1", prices=own_file), 1_000_000, 0).amount == 2.0


def test_an_unknown_model_is_told_where_to_be_added(own_file):
    cost = quote(*asking("small", prices=own_file), 1, 1)
    assert cost.amount is None
    assert cost.note.endswith(f'add [models."small"] to {own_file}')


@pytest.mark.parametrize(
    "text",
    ["not toml", '[models."a"]\nprompt = 1.0\n', '[models."a"]\nprompt = 1.0\ncompletion = 1.0\nprice = 2\n'],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path, text):
    path = tmp_path / "mine.toml"
    write_text(path, text)
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        quote(*asking("a", prices=str(path)), 1, 1)


def test_a_missing_file_is_refused_with_its_name():
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        quote(*asking("a", prices="nowhere.toml"), 1, 1)


def test_prices_on_the_way_are_told_in_words_where_they_are_known(own_file):
    def priced_at(model, url="https://api.openai.com/v1"):
        prices, endpoint = asking(model, url, own_file)
        return pricing(Generate(prices=prices), endpoint)

    priced = priced_at("big-2")
    assert priced(1_000_000, 500_000) == "6.00 USD"
    assert priced(2_000, 1_000) == "0.0120 USD"
    assert priced_at("small")(10**6, 10**6) == ""
    assert priced_at("big-2", "http://127.0.0.1:8000/v1")(10**6, 10**6) == ""
