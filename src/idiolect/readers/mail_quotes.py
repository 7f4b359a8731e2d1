"""What of an e-mail its sender wrote: without the message that it answers, without signature.

The answered message is a document of its own where it is among the documents; quoted under each
answer to it, it would be found a dozen times.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from idiolect.readers.base import has_words

_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vs)\s*:", re.IGNORECASE)
_QUOTED = re.compile(r"[ \t]?>")
_MARKS = re.compile(r"^[ \t]?(?:>[ \t]?)+", re.MULTILINE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|écrit|escribió|scritto|scrisse|schreef|escreveu|napisał|skrev)\b.*:\s*$",
    re.IGNORECASE,
)
_ON = re.compile(r"\s*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\s")
_ORIGINAL = re.compile(
    r"\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{2,}"
    r"|_{20,})\s*$",
    re.IGNORECASE,
)
_HEAD = re.compile(r"\*?(?:From|Von|De|Da|Van)\s?:\*?\s.*@")
_HEAD_GOES_ON = re.compile(r"\*?(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp)\s?:")
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:\S+: [^\n]*\n)*\n?"
    r"|-----BEGIN PGP SIGNATURE-----.*?(?:-----END PGP SIGNATURE-----|\Z)",
    re.DOTALL,
)
_QUOTES_IN_HTML = (
    "blockquote[type=cite], .gmail_quote, .gmail_attr, .gmail_signature, .moz-cite-prefix, .moz-signature, "
    ".yahoo_quoted, .protonmail_quote, #divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend ~ *"
)

_LINES_OF_A_HEAD = 8
_LINES_OF_AN_ATTRIBUTION = 3
_LONGEST_SIGNATURE = 12
_QUESTION = 5
"""Lines of a quote that stays where an answer stands below it: it is the question."""


def is_forward(subject: str) -> bool:
    return bool(_FORWARD.match(subject))


def own_words(text: str, forward: bool) -> str:
    """The text of a plain message, "\\n" between lines; all of it where the sender wrote nothing of it."""
    text = _SIGNED.sub("", text)
    if not forward:
        lines = _without_quotes(_without_original(text.split("\n")))
        own = "\n".join(line for _, line in _without_signature(list(enumerate(lines))))
        if has_words(own):
            return own
    return _MARKS.sub("", text)


def own_html(page: str, forward: bool) -> str:
    """The same of an HTML message, as HTML."""
    if forward:
        return page
    tree = LexborHTMLParser(page)
    while (quote := tree.css_first(_QUOTES_IN_HTML)) is not None:
        quote.decompose()
    return (tree.html or "") if has_words(tree.body.text() if tree.body else "") else page


def unflowed(text: str, delete_space: bool) -> str:
    """Paragraphs of format=flowed (RFC 3676) on one line each."""
    lines: list[str] = []
    for line in text.split("\n"):
        plain = line if _QUOTED.match(line) else line.removeprefix(" ")
        if lines and _flows(lines[-1], plain):
            lines[-1] = (lines[-1][:-1] if delete_space else lines[-1]) + _MARKS.sub("", plain)
        else:
            lines.append(plain)
    return "\n".join(lines)


def _flows(above: str, line: str) -> bool:
    soft = above.endswith(" ") and above != "-- " and line not in ("", "-- ")
    return soft and _depth(above) == _depth(line)


def _depth(line: str) -> int:
    marks = _MARKS.match(line)
    return marks[0].count(">") if marks else 0


def _without_original(lines: list[str]) -> list[str]:
    """Cut where mail programs that do not mark quotes put the message that is answered."""
    for index, line in enumerate(lines):
        below = lines[index + 1 : index + _LINES_OF_A_HEAD]
        if _ORIGINAL.match(line) or (_HEAD.match(line) and any(map(_HEAD_GOES_ON.match, below))):
            return lines[:index]
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    own = _without_signature([(index, line) for index, line in enumerate(lines) if not _QUOTED.match(line)])
    last = max((index for index, line in own if has_words(line)), default=-1)
    kept: list[str] = []
    index = 0
    while index < len(lines):
        if not _QUOTED.match(lines[index]):
            kept.append(lines[index])
            index += 1
            continue
        end = _quote_end(lines, index)
        if end - index <= _QUESTION and end <= last:
            kept += lines[index:end]
        else:
            del kept[_attribution(kept) :]
            kept.append("")
        index = end
    return kept


def _quote_end(lines: list[str], start: int) -> int:
    """Blank lines between quoted ones are quoted too."""
    end = start + 1
    for index in range(start + 1, len(lines)):
        if _QUOTED.match(lines[index]):
            end = index + 1
        elif lines[index].strip():
            break
    return end


def _attribution(lines: list[str]) -> int:
    """Where "On Monday, somebody wrote:" at the end begins; the number of lines where there is none."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    for begin in range(end - 1, max(-1, end - 1 - _LINES_OF_AN_ATTRIBUTION), -1):
        if _WROTE.search(" ".join(lines[begin:end])) and (_ON.match(lines[begin]) or begin == end - 1):
            further = begin > 0 and not _ON.match(lines[begin]) and _ON.match(lines[begin - 1])
            return begin - 1 if further else begin
    return len(lines)


def _without_signature(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Numbered lines without what follows the line "-- ", where that is short."""
    for count, (_, line) in enumerate(lines):
        if line in ("-- ", "--") and len(lines) - count <= _LONGEST_SIGNATURE:
            return lines[:count]
    return lines
