"""What a licence is called in tags, metadata, addresses and notices → its SPDX expression."""

import pytest

from idiolect.lifecycle.licences.addresses import commons_in, of_address
from idiolect.lifecycle.licences.expressions import canonical, every, ids
from idiolect.lifecycle.licences.statements import in_metadata, spdx
from idiolect.lifecycle.licences.tags import tagged
from idiolect.lifecycle.licences.texts import NOTICE, recognise

NAME = "SPDX-License-Identifier"  # apart from the colon, so that this file says nothing of itself


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("# {}: MIT", "MIT"),
        ("// {}: mit or apache-2.0", "MIT OR Apache-2.0"),
        (
            "/* {}: GPL-2.0-only WITH Classpath-exception-2.0 */",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ),
        ("<!-- {}: CC-BY-4.0 -->", "CC-BY-4.0"),
        (" * {}: (MIT AND CC0-1.0)", "MIT AND CC0-1.0"),
        (".. {}: 0BSD", "0BSD"),
        ("REM {}: ISC", "ISC"),
        ("(* {}: MPL-2.0 *)", "MPL-2.0"),
        ("; {}: LicenseRef-waterworks", "LicenseRef-waterworks"),
        ('"""{}: MIT"""', "MIT"),
        ("# {}: GPL-3.0", "GPL-3.0-only"),
        ("<html><!-- {}: ISC --><body>", "ISC"),
        ("Write {}: MIT on top of each file.", ""),
        ("# {}: <one of the list>", ""),
        ("# {}: Pump-Licence-1", ""),
    ],
)
def test_a_tag_in_a_comment_of_any_language(line, expected):
    assert tagged(line.format(NAME) + "\n\nThe pump.") == expected


def test_tags_count_in_the_first_lines_outside_code_that_is_shown_and_all_of_them_hold():
    tag = f"# {NAME}: "
    assert tagged("one\n" * 40 + tag + "MIT") == ""
    assert tagged("How to tag:\n\n```\n" + tag + "MIT\n```\n") == ""
    assert tagged(tag + "MIT\n" + tag + "CC0-1.0 OR Unlicense\n") == "MIT AND (CC0-1.0 OR Unlicense)"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported", "CC-BY-NC-SA-3.0"),
        ("Creative Commons Attribution Share Alike 4.0", "CC-BY-SA-4.0"),
        ("http://creativecommons.org/licenses/by-nd/3.0/de/", "CC-BY-ND-3.0-DE"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The MIT License (MIT)", "MIT"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GNU GPL v3", "GPL-3.0-only"),
        ("LGPL-2.1", "LGPL-2.1-only"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ("Mozilla Public License 2.0", "MPL-2.0"),
        ("EUPL-1.2", "EUPL-1.2"),
        ("CC0", "CC0-1.0"),
        ("https://opensource.org/license/apache-2-0", "Apache-2.0"),
        ("All rights reserved", "LicenseRef-all-rights-reserved"),
        ("UNLICENSED", "LicenseRef-all-rights-reserved"),
        ("BSD", "LicenseRef-BSD"),  # two clauses or three, nobody knows
        ("Waterworks internal use 2", "LicenseRef-Waterworks-internal-use-2"),
        ("https://waterworks.example/terms", "LicenseRef-unknown"),
        ("ветер", "LicenseRef-unknown"),
        ("see LICENSE", ""),
        ("unknown", ""),
        (" ", ""),
    ],
)
def test_what_people_write_where_a_licence_is_asked_for(statement, expected):
    assert spdx(statement) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"Licence": "CC BY 4.0"}, "CC-BY-4.0"),
        ({"license": ["MIT", "Apache-2.0"]}, "MIT AND Apache-2.0"),
        ({"license": {"type": "MIT", "url": "https://example.org"}}, "MIT"),
        ({"rights": "Copyright 1999 the waterworks"}, ""),
        ({"DC.rights": "https://creativecommons.org/publicdomain/zero/1.0/"}, "CC0-1.0"),
        ({"rights": "© the waterworks. All rights reserved."}, "LicenseRef-all-rights-reserved"),
        ({"license": "unknown", "rights": "CC BY 4.0"}, "CC-BY-4.0"),
        ({"license": True, "author": "MIT"}, ""),
    ],
)
def test_metadata_of_a_document(metadata, expected):
    assert in_metadata(metadata) == expected


def test_addresses_and_badges_of_creative_commons():
    text = (
        "[![badge](https://licensebuttons.net/l/by-sa/4.0/88x31.png)](http://creativecommons.org/licenses/by-sa/4.0/) "
        "and <https://creativecommons.org/publicdomain/zero/1.0/deed.de>, as creativecommons.org says."
    )
    assert commons_in(text) == ["CC-BY-SA-4.0", "CC0-1.0"]
    assert commons_in("the page creativecommons.org/about") == []
    assert of_address("https://www.gnu.org/licenses/old-licenses/gpl-2.0.html") == "GPL-2.0-only"
    assert of_address("https://example.org/licences/4") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apache License\nVersion 2.0, January 2004\n", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0-only"),
        ("GNU Affero General Public License, version 3, or any later version", "AGPL-3.0-or-later"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1, February 1999", "LGPL-2.1-only"),
        ("Attribution-NonCommercial-NoDerivatives 4.0 International", "CC-BY-NC-ND-4.0"),
        ("The pump is © us; the texts are under a Creative Commons Attribution 3.0 licence.", "CC-BY-3.0"),
        ("EUROPEAN UNION PUBLIC LICENCE v. 1.2\nEUPL © the Union", "EUPL-1.2"),
        ("Free of charge, to any person obtaining a copy … this permission notice shall be included", "MIT"),
        ("Redistribution and use in source and binary forms … endorse or promote products", "BSD-3-Clause"),
        ("// Redistribution and use in source\n// and binary forms", "BSD-2-Clause"),
        ("Code: MIT License. Texts: CC BY 4.0.", "MIT AND CC-BY-4.0"),
        ("You may read this on Sundays.", ""),
    ],
)
def test_texts_and_notices_are_told_by_a_few_words(text, expected):
    assert recognise(text) == expected


def test_a_long_text_is_the_licence_that_it_begins_with_whatever_others_it_names():
    rest = (
        "It may also be had under the GNU General Public License, version 2, says the secondary clause. " * 30
    )
    assert len(rest) > NOTICE
    assert (
        recognise("Mozilla Public License\nVersion 2.0\n\n" + "Clause after clause. " * 60 + rest)
        == "MPL-2.0"
    )


def test_expressions_keep_exceptions_and_are_joined_with_care():
    assert canonical("gpl-2.0 with classpath-exception-2.0") == "GPL-2.0-only WITH Classpath-exception-2.0"
    assert canonical("licenseref-mine and mit") == "LicenseRef-mine AND MIT"
    assert [
        canonical(wrong) for wrong in ("MIT OR", "(MIT", "MIT Apache-2.0", "Pump-1.0", "", "x" * 9_000)
    ] == [""] * 6
    assert every(["MIT", "", "MIT"]) == "MIT"
    assert ids("MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND MIT)") == [
        "MIT",
        "GPL-2.0-only WITH Classpath-exception-2.0",
    ]
