"""Which styles a text allows: no error messages where there are none, no code where there is none."""

import re
from collections.abc import Sequence

from idiolect.records import Chunk

_ERROR = re.compile(
    r"Traceback \(most recent call last\)"
    r"|^\s+at [\w.$<>]+\([^)\n]*\)"  # a frame of a stack trace
    r"|\b[A-Z][a-z]\w*(?:Error|Exception)(?::\s|[\"'`])"
    r"|\b(?:ENOENT|EACCES|EPERM|EADDRINUSE|ECONNREFUSED|ECONNRESET|ETIMEDOUT|SIGSEGV|SIGKILL|SQLSTATE)\b"
    r"|\b(?:ERR|ORA|CVE|KB|TS|MSB|CS)[-_]?\d{3,}\b|\bERR_[A-Z_]+\b|\b0x[0-9A-Fa-f]{4,}\b"
    r"|^.{0,80}\b(?:ERROR|FATAL|CRITICAL|WARN(?:ING)?|PANIC)\b[\]:|\s].*\d"  # a line of a log
    r"|^(?i:[\w./-]+: )*(?i:fatal |syntax |build )?(?i:error|fatal|panic|fehler|erreur):\s"
    r"|\b(?i:(?:error|exit|fault|fehler|störungs?|erreur)[ -]?(?:codes?|nummern?|numbers?))\b"
    r"|\b(?<![Ss]tandard )(?i:error|fehler|erreur|fault|störung) [A-Z]?-?\d{2,}\b(?![.,]\d)"
    r"|\bHTTP(?: status)? [45]\d\d\b|(?i:segmentation fault|core dumped|permission denied|stack trace)"
    r"|错误代码|错误码|错误信息|报错|エラーコード|رمز الخطأ|رسالة خطأ|код ошибки",
    re.M,
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)|<(?:pre|code)\b|^\s*\.\. (?:code|code-block|sourcecode)::", re.M)
_CODE_LINE = re.compile(
    r"^\s*(?:(?:async )?def \w+\(|class \w+[(:{]|import \w|from [\w.]+ import |#include|(?:public|private|static) \w"
    r"|(?:pub )?fn \w+|func \w+\(|function \w*\(|(?:const|let|var) \w+ ?=|return\b.*[;(]|\$ \S|>>> |SELECT .+ FROM )"
    r"|[\w)\]\"'] ?[;{]\s*$|^\s*[}\])]+[;,]?\s*$|^\s*[\w.\[\]]+ ?=(?!=).*[(\[{\"']",
    re.M,
)
_FEWEST_CODE_LINES = 2


def fits(style: str, chunks: Sequence[Chunk]) -> bool:
    """Whether the texts of one request hold what the style is about; most styles fit any text."""
    if style == "error":
        return any(_ERROR.search(chunk.text) for chunk in chunks)
    if style == "snippet":
        return any(_has_code(chunk.text) for chunk in chunks)
    return True


def _has_code(text: str) -> bool:
    return bool(_FENCE.search(text)) or len(_CODE_LINE.findall(text)) >= _FEWEST_CODE_LINES
