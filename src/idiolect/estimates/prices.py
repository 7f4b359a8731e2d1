"""What tokens of an LLM cost: from a file of prices, never guessed."""

import ipaddress
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from idiolect.config import Generate
from idiolect.errors import ConfigError
from idiolect.records import Record
from idiolect.teachers.endpoint import Endpoint

MILLION = 1_000_000
PACKAGED = "the packaged prices.toml"


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model's entry; `prompt` and `completion` are prices of a million tokens."""

    prompt: float
    completion: float
    currency: str = "USD"
    host: str = ""
    as_of: str = ""
    source: str = ""


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    models: dict[str, Price] = {}


class Quote(Record, frozen=True, kw_only=True):
    """`amount` is None where no price is known; `note` says what it rests on, or how to make it known."""

    amount: float | None
    currency: str = "USD"
    note: str = ""


def quote(prices: str, endpoint: Endpoint, prompt_tokens: float, completion_tokens: float) -> Quote:
    """The price of so many tokens of the endpoint's model; `prices` names the file, "" the packaged one.

    An endpoint on this machine costs nothing.  Raises ConfigError where the file of prices cannot be read.
    """
    host = urlsplit(endpoint.base_url).hostname or ""
    if is_loopback(host):
        return Quote(amount=0.0, note="the endpoint runs on this machine")
    if not prompt_tokens and not completion_tokens:
        return Quote(amount=0.0)
    price = lookup(load(prices), endpoint.model, host)
    if price is None:
        where = prices or "a file of prices and name that with --set generate.prices=FILE"
        seller = f" at {host}" if host else ""
        return Quote(amount=None, note=f'price unknown{seller}: add [models."{endpoint.model}"] to {where}')
    amount = (price.prompt * prompt_tokens + price.completion * completion_tokens) / MILLION
    return Quote(amount=amount, currency=price.currency, note=_note(endpoint.model, price))


def pricing(settings: Generate, endpoint: Endpoint) -> Callable[[float, float], str]:
    """(prompt tokens, tokens of answers) → their price in words, "" where it is not known or nothing.

    Raises ConfigError where the file of prices cannot be read.
    """
    each, other = (quote(settings.prices, endpoint, *tokens) for tokens in ((MILLION, 0), (0, MILLION)))
    if not each.amount and not other.amount:
        return lambda prompt, completion: ""
    prompts, answers = (each.amount or 0.0) / MILLION, (other.amount or 0.0) / MILLION

    def priced(prompt: float, completion: float) -> str:
        amount = prompts * prompt + answers * completion
        return f"{amount:,.2f} {each.currency}" if amount >= 0.1 else f"{amount:.4f} {each.currency}"

    return priced


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def lookup(prices: Prices, model: str, host: str) -> Price | None:
    """The entry of a model at a host: its own name before patterns, of those the longest."""
    fitting = [
        (name == model, len(name), name)
        for name, price in prices.models.items()
        if fnmatchcase(model, name) and price.host in ("", host)
    ]
    return prices.models[max(fitting)[2]] if fitting else None


def load(path: str = "") -> Prices:
    """The prices in a TOML file; the packaged ones where `path` is empty.

    Raises ConfigError naming what is wrong.
    """
    where = path or PACKAGED
    try:
        if path:
            text = Path(path).read_text(encoding="utf-8")
        else:
            text = (files("idiolect.estimates") / "prices.toml").read_text(encoding="utf-8")
        return msgspec.convert(tomllib.loads(text), Prices)
    except FileNotFoundError:
        raise ConfigError(f"generate.prices: {where} does not exist") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, msgspec.ValidationError) as error:
        raise ConfigError(f"generate.prices: {where} cannot be used: {error}") from None


def _note(model: str, price: Price) -> str:
    dated = f" of {price.as_of}" if price.as_of else ""
    return f"{model} at {price.prompt:g} and {price.completion:g} {price.currency} a million tokens{dated}"
