"""One question, answered: from the cache, or by the endpoint within the caps, however often that takes."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from idiolect.errors import TeacherError
from idiolect.teachers.budget import Budget
from idiolect.teachers.cache import AnswerCache, Shown
from idiolect.teachers.client import CallFailedError, ChatClient
from idiolect.teachers.gate import Gate
from idiolect.teachers.protocol import Answer, Message
from idiolect.teachers.retry import Backoff

_BYTES_A_TOKEN = 3
"""Low on purpose: for reserving, before the endpoint has counted."""
_OVERLOADED = ("timeout", "HTTP 503", "HTTP 529")
"""How servers that queue calls, or know no 429, say that there are too many at once."""


def estimated_tokens(messages: Sequence[Message]) -> int:
    return sum(len(message["content"].encode()) for message in messages) // _BYTES_A_TOKEN + 16


class Asker:
    """Asks one endpoint; what is shared by its calls (cache, caps, open slots) is here."""

    def __init__(
        self, client: ChatClient, cache: AnswerCache, budget: Budget, gate: Gate, backoff: Backoff
    ) -> None:
        self.client, self.cache, self.budget, self.gate, self.backoff = client, cache, budget, gate, backoff
        self.answered = 0
        """Answers that the endpoint gave in this run."""
        self.from_cache = 0

    def key(self, messages: Sequence[Message]) -> str:
        """What the answer to `messages` is kept under."""
        return self.cache.key(self.client.model, messages)

    def is_cached(self, messages: Sequence[Message]) -> bool:
        return self.key(messages) in self.cache

    async def ask(
        self,
        messages: Sequence[Message],
        response_format: dict[str, Any],
        answer_tokens: int,
        shown: Collection[Shown],
    ) -> Answer:
        """The answer to `messages`; `answer_tokens` is a guess at its length, `shown` what the messages hold.

        Raises CallFailedError where this question brings none, OverBudgetError where the caps forbid asking,
        TeacherError where the endpoint cannot be used at all.
        """
        key = self.key(messages)
        # before the answer is there, so that none is ever kept without; older caches get it here too
        if not set(shown) <= self.cache.shown(key):
            self.cache.show((key, one) for one in shown)
        known = self.cache.get(key)
        if known is not None:
            self.from_cache += 1
            return known
        failures, answered = 0, self.answered
        while True:
            try:
                return await self._call(key, messages, response_format, answer_tokens)
            except CallFailedError as failure:
                if failure.kind == "option":
                    continue
                if failure.kind == "busy" and self.answered > answered:
                    # busy with other calls of ours: it is our turn soon
                    failures, answered = 0, self.answered
                failures += 1
                self._give_up(failure, failures)
                await asyncio.sleep(self.backoff.wait(failures, failure.wait))

    async def _call(
        self, key: str, messages: Sequence[Message], response_format: dict[str, Any], answer_tokens: int
    ) -> Answer:
        tokens = estimated_tokens(messages) + max(answer_tokens, self.budget.largest_answer)
        async with self.gate.slot() as slot, self.budget.call(tokens) as call:
            try:
                answer = await self.client.ask(messages, response_format)
            except CallFailedError as failure:
                call.taken = failure.taken
                if failure.kind == "busy" or failure.reason in _OVERLOADED:
                    self.gate.refused(slot)
                raise
            self.cache.put(key, self.client.model, answer)
            self.answered += 1
            self.gate.answered(slot)
            if answer.prompt_tokens + answer.completion_tokens:
                call.prompt_tokens, call.completion_tokens = answer.prompt_tokens, answer.completion_tokens
            else:  # the endpoint does not count: book the estimate
                call.prompt_tokens = estimated_tokens(messages)
                call.completion_tokens = len(answer.text.encode()) // _BYTES_A_TOKEN
            return answer

    def _give_up(self, failure: CallFailedError, failures: int) -> None:
        """Raise what ends this call, or the run, if `failures` in a row are enough."""
        url = self.client.url
        kept = f"run again to go on, {self.answered:,} answers of this run are kept"
        if failure.wait is not None and failure.wait > self.backoff.longest_asked:
            raise TeacherError(f"{url} asks to wait {failure.wait:,.0f} s ({failure}): {kept}")
        if failure.kind == "refused":
            raise failure
        if failures < self.backoff.tries(known=self.answered > 0, slow=failure.reason == "timeout"):
            return
        if failure.kind == "unreachable":
            gone = "can no longer be reached" if self.answered else "cannot be reached"
            cure = kept if self.answered else "start the server there, or correct generate.base_url"
            raise TeacherError(f"{url} {gone} ({failure}): {cure}")
        if not self.answered:
            cure = "raise generate.timeout" if failure.reason == "timeout" else "look at the server's log"
            raise TeacherError(f"{url} has not answered one call ({failure}): {cure}, then run again")
        raise failure
