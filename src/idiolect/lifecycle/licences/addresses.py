"""Addresses that stand for a licence: Creative Commons' own, their badges, and those of other licences' stewards."""

import re

from idiolect.lifecycle.licences.expressions import canonical

_COMMONS = re.compile(
    r"(?:creativecommons\.org/(?:licenses|publicdomain)|(?:i\.creativecommons\.org|licensebuttons\.net)/[lp])"
    r"/(by(?:-(?:nc|nd|sa))*|zero|mark)/(\d\.\d)(?:/([a-z]{2,3})(?![a-z]))?",
    re.IGNORECASE,
)
_PUBLIC_DOMAIN = {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}

_OTHERS = (
    (re.compile(r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json)?/?$", re.I), r"\1"),
    (re.compile(r"opensource\.org/licen[cs]es?/([\w.-]+?)(?:\.php|\.html)?/?$", re.I), r"\1"),
    (re.compile(r"apache\.org/licenses/license-2\.0", re.I), "Apache-2.0"),
    (
        re.compile(r"gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?([al]?gpl)-?(\d\.\d)", re.I),
        r"\1-\2-only",
    ),
    (re.compile(r"gnu\.org/licenses/fdl-(\d\.\d)", re.I), r"GFDL-\1-only"),
    (re.compile(r"mozilla\.org/(?:en-us/)?mpl/(\d\.\d)", re.I), r"MPL-\1"),
    (re.compile(r"eclipse\.org/legal/epl-v?(\d)\.?0", re.I), r"EPL-\1.0"),
    (re.compile(r"opendatacommons\.org/licenses/by/1-0", re.I), "ODC-By-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/odbl/1-0", re.I), "ODbL-1.0"),
    (re.compile(r"opendatacommons\.org/licenses/pddl/1-0", re.I), "PDDL-1.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence/version/(\d)", re.I), r"OGL-UK-\1.0"),
)
_DASHED = re.compile(r"-(\d)-(\d)$")  # opensource.org writes apache-2-0


def commons_in(text: str) -> list[str]:
    """The ids of the Creative Commons licences whose address or badge a text holds, each once."""
    if "creativecommons.org/" not in text and "licensebuttons.net/" not in text:
        return []
    found = (_commons(*match.groups()) for match in _COMMONS.finditer(text))
    return list(dict.fromkeys(one for one in found if one))


def of_address(address: str) -> str:
    """The id of the licence that an address stands for; "" where it is none that is known."""
    if found := commons_in(address.casefold()):
        return found[0]
    for pattern, form in _OTHERS:
        if match := pattern.search(address.strip()):
            return canonical(_DASHED.sub(r"-\1.\2", match.expand(form)))
    return ""


def _commons(kind: str, version: str, country: str | None) -> str:
    kind = kind.lower()
    if kind in _PUBLIC_DOMAIN:
        return _PUBLIC_DOMAIN[kind]
    parts = [part for part in ("by", "nc", "nd", "sa") if part in kind.split("-")]
    name = f"CC-{'-'.join(parts)}-{version}".upper()
    ported = canonical(f"{name}-{country.upper()}") if country else ""
    return ported or canonical(name)
