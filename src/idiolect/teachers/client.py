"""One call to an OpenAI-compatible endpoint: what is sent, what came back, and what kind of failure it was."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from idiolect.errors import MissingExtra, TeacherError
from idiolect.teachers.endpoint import Endpoint
from idiolect.teachers.protocol import Answer, Message, is_json
from idiolect.teachers.retry import asked_wait

PLACEHOLDER_KEY = "none"
"""Sent where no key is set: local servers want none, the client library wants one."""
LONGEST_ANSWER = 4_096
"""Tokens after which the endpoint is asked to stop: a model that rambles would never."""

Failure = Literal["option", "busy", "unreachable", "transient", "refused"]


class CallFailedError(Exception):
    """A call that brought no answer.

    `kind` is "option" (send it again, the endpoint does not know one of the options), "busy" (429),
    "unreachable" (nobody took the request), "transient" (worth another try) or "refused" (not worth
    one). `reason` is short enough to count by, `wait` the seconds that the endpoint asked for.
    """

    def __init__(self, kind: Failure, reason: str, detail: str = "", wait: float | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.kind, self.reason, self.wait = kind, reason, wait

    @property
    def taken(self) -> bool:
        """Whether the endpoint may have worked for it, so that it counts as a call."""
        return self.kind not in ("busy", "unreachable")


class _ChatMessage(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _ChatMessage
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class ChatClient:
    """`async with ChatClient(endpoint) as client:` keeps connections open for many calls."""

    def __init__(self, endpoint: Endpoint) -> None:
        try:
            import openai
        except ImportError:
            raise MissingExtra("openai", "llm") from None
        self._openai = openai
        self.model, self.url = endpoint.model, endpoint.base_url
        self._key_name = endpoint.api_key_env
        self._timeout = endpoint.timeout
        self._key = os.environ.get(endpoint.api_key_env, "").strip() or PLACEHOLDER_KEY
        self._client = openai.AsyncOpenAI(
            api_key=self._key,
            base_url=endpoint.base_url,
            timeout=openai.Timeout(endpoint.timeout, connect=min(endpoint.timeout / 2, 10.0)),
            max_retries=0,
        )
        self.structured = True
        """Whether JSON schemas are still sent; False once the endpoint was found not to know them."""
        self._follows_schemas = False
        self._limits_answers = True
        self._temperature = endpoint.temperature

    async def __aenter__(self) -> "ChatClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask(self, messages: Sequence[Message], response_format: dict[str, Any]) -> Answer:
        """The first choice's text. Raises CallFailedError, or TeacherError where no call can ever succeed."""
        options: dict[str, Any] = {"response_format": response_format} if self.structured else {}
        if self._limits_answers:
            options["max_tokens"] = LONGEST_ANSWER
        if self._temperature is not None:
            options["temperature"] = self._temperature
        try:
            # the library's own timeout is one between bytes: an answer that drips would never end
            async with asyncio.timeout(self._timeout):
                response = await self._client.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=[],
                    # named arguments are walked through for files, which takes a fifth of a call's CPU time
                    extra_body={"messages": list(messages), **options},
                )
        except TimeoutError:
            raise CallFailedError("transient", "timeout", "no whole answer in time") from None
        except self._openai.APITimeoutError as error:
            raise self._unanswered(error, "timeout", "no answer in time") from None
        except self._openai.APIConnectionError as error:
            raise self._unanswered(error, "connection lost", str(error.__cause__ or error)) from None
        except self._openai.APIStatusError as error:
            raise self._failure(error, options) from None
        return self._read(response.content, "response_format" in options)

    @staticmethod
    def _unanswered(error: Exception, reason: str, detail: str) -> CallFailedError:
        """A failure below HTTP; the two HTTP libraries that openai has used agree on the names."""
        if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout", "UnsupportedProtocol"):
            return CallFailedError("unreachable", "no connection", str(error.__cause__))
        return CallFailedError("transient", reason, detail)

    def _failure(self, error: Any, options: dict[str, Any]) -> CallFailedError:
        """What a status other than 2xx means. Raises TeacherError for those that no repetition cures."""
        status = int(error.status_code)
        detail = self._one_line(str(error.message).removeprefix(f"Error code: {status} - "))
        reason = f"HTTP {status}"
        if status in (401, 403):
            key = "is not set" if self._key == PLACEHOLDER_KEY else "holds a key that it does not take"
            raise TeacherError(f"{self.url} refuses access ({reason}, {detail}): ${self._key_name} {key}")
        if status == 402 or error.code == "insufficient_quota":
            raise TeacherError(f"{self.url} says that the account is used up ({reason}, {detail})")
        if status == 404:
            raise TeacherError(
                f"{self.url} does not know the model {self.model!r} or the path ({reason}, {detail}): "
                "check generate.model, and that generate.base_url ends where /chat/completions begins"
            )
        if status == 429:
            return CallFailedError("busy", reason, detail, asked_wait(error.response.headers))
        if self._drop_option(detail.lower(), options):
            return CallFailedError("option", reason, detail)
        if status in (408, 409) or status >= 500:
            return CallFailedError("transient", reason, detail, asked_wait(error.response.headers))
        return CallFailedError("refused", reason, detail)

    def _drop_option(self, complaint: str, options: dict[str, Any]) -> bool:
        """Whether the complaint is about an option that was sent; it is not sent again in this run."""
        schemas = ("response_format", "json_schema", "json schema", "response format", "grammar", "guided")
        if "response_format" in options and any(word in complaint for word in schemas):
            self.structured = False
            return True
        if "max_tokens" in options and "max_tokens" in complaint:
            self._limits_answers = False
            return True
        if "temperature" in options and "temperature" in complaint:
            self._temperature = None
            return True
        return False

    def _read(self, body: bytes, structured: bool) -> Answer:
        try:
            completion = msgspec.json.decode(body, type=_Completion)
            choice = completion.choices[0]
        except (msgspec.DecodeError, UnicodeDecodeError, IndexError, RecursionError):
            shown = self._one_line(body[:400].decode(errors="replace"))
            raise CallFailedError("refused", "no chat completion", shown) from None
        usage = completion.usage or _Usage()
        answer = Answer(
            text=choice.message.content or "",
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            truncated=choice.finish_reason == "length",
        )
        if structured and not answer.truncated:
            self._follows_schemas |= is_json(answer.text)
            # one odd answer of a server that follows schemas says nothing about the server
            self.structured = self._follows_schemas
        return answer

    def _one_line(self, text: str) -> str:
        """A server's words in one line, without the key that some of them quote."""
        shown = text if self._key == PLACEHOLDER_KEY else text.replace(self._key, "***")
        return " ".join(shown.split())[:200]
