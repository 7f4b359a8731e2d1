"""Licences as the Hugging Face Hub names them."""

import re

# fmt: off
HUB_LICENCES = frozenset(
    (
        "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd",
        "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0",
        "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0",
        "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0",
        "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1",
        "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc", "lppl-1.3c",
        "ms-pl", "mpl-2.0", "odc-by", "odbl", "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa",
        "unlicense", "zlib", "pddl", "lgpl-lr", "deepfloyd-if-license", "llama2", "gemma",
    )
)
# fmt: on
"""The identifiers of https://huggingface.co/docs/hub/repositories-licenses, "other" and "unknown" apart."""

_HUB_OTHERWISE = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}


def hub_licence(licence: str) -> dict[str, str]:
    """The keys of a card's metadata that name a licence: one of the Hub's, or "other" with a name."""
    if not licence:
        return {"license": "unknown"}
    name = licence.removeprefix("LicenseRef-").lower()
    key = re.sub(r"-(only|or-later)$", "", name)
    key = _HUB_OTHERWISE.get(key, key)
    if key in HUB_LICENCES:
        return {"license": key}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.+-]+", "-", name).strip("-")}
