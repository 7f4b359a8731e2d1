"""A bundle's bill of materials: CycloneDX 1.6 in JSON, https://cyclonedx.org/docs/1.6/json/.

The model with its model card, what it was made from (base, documents, queries, an LLM), and what made it.
"""

import uuid
from collections.abc import Sequence

from idiolect import __version__
from idiolect.bundle import BundledFile
from idiolect.files import digest_value
from idiolect.lifecycle.cards.bom_card import model_card
from idiolect.lifecycle.cards.bom_inputs import base_model, inputs, services
from idiolect.lifecycle.cards.cyclonedx import Part, hashes, known, licences, properties
from idiolect.lifecycle.cards.described import Described
from idiolect.lifecycle.cards.installed import Package
from idiolect.lifecycle.cards.markdown import plain

VERSION = "1.6"

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json#idiolect")


def bill(described: Described, files: Sequence[BundledFile], packages: Sequence[Package]) -> Part:
    """The whole document; equal facts give an equal one, its serial number included.

    `files` are the bundle's without this one; `packages` those installed where it was made.
    """
    made_from, asked = inputs(described), services(described)
    libraries = [_library(package) for package in packages]
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "version": 1,
        "metadata": known(
            timestamp=described.created,
            tools={"components": [_tool(described)]},
            component=_model(described, files),
        ),
        "components": [*made_from, *libraries],
        "services": asked,
        "dependencies": [
            {"ref": "model", "dependsOn": [part["bom-ref"] for part in (*made_from, *asked)]},
            {"ref": "idiolect", "dependsOn": [library["bom-ref"] for library in libraries]},
        ],
    }
    return {**document, "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest_value(document))}"}


def _model(described: Described, files: Sequence[BundledFile]) -> Part:
    manifest, base = described.manifest, described.base
    return known(
        **{"bom-ref": "model"},
        type="machine-learning-model",
        name=plain(manifest.name),
        version=manifest.model_digest[:12],
        licenses=licences({base.licence: 1}),
        pedigree={
            "ancestors": [base_model(base)],
            "notes": "tuned from its ancestor" if described.tuned else "the same weights as its ancestor",
        },
        components=[_file(file) for file in files],
        modelCard=model_card(described),
        properties=properties(
            {
                "weights": manifest.weights,
                "verdict": manifest.verdict,
                "weights-digest": manifest.model_digest,
                "audit": described.audit,
                **{f"manifest:{run.stage}": f"{run.file} sha256:{run.sha256}" for run in described.runs},
            }
        ),
    )


def _tool(described: Described) -> Part:
    """idiolect, on the machine and with the packages that training ran with."""
    run = described.run_of("train")
    facts = run.facts if run else {}
    told = {name: facts.get(name) for name in ("python", "machine")}
    told |= {
        f"hardware:{name}": value
        for name, value in described.section_of("train", "hardware").items()
        if value
    }
    told |= {f"code:{name}": value for name, value in described.section_of("train", "code").items()}
    return known(
        **{"bom-ref": "idiolect"},
        type="application",
        name="idiolect",
        version=__version__,
        purl=f"pkg:pypi/idiolect@{__version__}",
        properties=properties({**told, "lock": described.section_of("train", "lock").get("digest")}),
    )


def _library(package: Package) -> Part:
    return known(
        **{"bom-ref": package.purl},
        type="library",
        name=package.name,
        version=package.version,
        licenses=licences({package.licence: 1})
        or [{"license": {"name": plain(name)}} for name in package.licences],
        purl=package.purl,
    )


def _file(file: BundledFile) -> Part:
    return {"type": "file", "name": file.path, "hashes": hashes(file.sha256)}
