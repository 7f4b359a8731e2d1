"""IP addresses of somebody's machine: not those that stand for any machine, for none, or for examples."""

import ipaddress
import re
from collections.abc import Iterator

from idiolect.lifecycle.privacy.entities import Found
from idiolect.lifecycle.privacy.numbers import JOINED
from idiolect.lifecycle.privacy.recognisers import recogniser

_FOUR = re.compile(
    rf"(?<!{JOINED})(?<!\.)(?<![^\W\d]-)(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?:/\d{{1,2}})?(?!{JOINED}|\.\d|-[A-Za-z])"
)  # tool-1.2.3.4 is a version, 1.2.3.4-1.2.3.9 a range
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_SIX = re.compile(
    rf"(?<!{JOINED})(?<!\.)(?<![0-9A-Fa-f:]:)"
    r"(?:[0-9A-Fa-f]{1,4}:|::)[0-9A-Fa-f:]{1,38}(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%\w{1,15})?(?:/\d{1,3})?"
    rf"(?!{JOINED}|:)"
)
_VERSION = re.compile(r"(?:version|release|build|v|ver|EC|OID)[\W_]{0,3}\Z", re.IGNORECASE)
_MASK = re.compile(r"(?:1{1,32}0{0,32})\Z")

_GIVEN_OUT = [ipaddress.IPv6Network(one) for one in ("2000::/3", "fc00::/7", "fe80::/10")]
"""IPv6 addresses that a machine can have; dead::beef and other words of hexadecimal digits are none."""

_EXAMPLES = [
    ipaddress.ip_network(one)
    for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
]
"""RFC 5737, RFC 3849, RFC 9637."""


def four(text: str, begin: int, end: int) -> Iterator[Found]:
    """IPv4 addresses, with the length of their network where it follows; version numbers are none."""
    for match in _FOUR.finditer(text, begin, end):
        if not _VERSION.search(text[max(0, match.start() - 12) : match.start()]):
            yield from _judged(match)


def six(text: str) -> Iterator[Found]:
    if _COLONS.search(text):
        for match in _SIX.finditer(text):
            yield from _judged(match)


def _judged(match: re.Match[str]) -> Iterator[Found]:
    slice_ = match[0].rstrip(":") if not match[0].endswith("::") else match[0]
    try:
        interface = ipaddress.ip_interface(slice_.partition("%")[0])
    except ValueError:
        return
    address, network = interface.ip, interface.network
    if network.num_addresses > 1 and address == network.network_address:
        return  # 10.0.0.0/8 is a network, no machine in it
    if _somebodys(address) and recogniser("generic.ip_recognizer", "IpRecognizer").analyze(slice_, []):
        yield Found(match.start(), match.start() + len(slice_), "ip", address.compressed)


def _somebodys(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return _somebodys(address.ipv4_mapped)
        if not any(address in network for network in _GIVEN_OUT):
            return False
    elif _netmask(address) or address.packed[0] == 0:
        return False
    shared = address.is_loopback or address.is_unspecified or address.is_multicast or address.is_reserved
    return not shared and not any(address in network for network in _EXAMPLES)


def _netmask(address: ipaddress.IPv4Address) -> bool:
    """Whether its bits are ones followed by zeros, or a network's first address of a whole class: 10.0.0.0."""
    bits = f"{int(address):032b}"
    return _MASK.fullmatch(bits) is not None or address.packed[1:] == b"\0\0\0"
