"""Where an LLM is asked, and as whom: the teacher's endpoint, and the judge's."""

from idiolect.config import Generate
from idiolect.records import Record


class Endpoint(Record, frozen=True, kw_only=True):
    """One model behind an OpenAI-compatible API; `timeout` in seconds a call.

    `api_key_env` names the environment variable that holds the key; without a `temperature`
    none is sent, and the endpoint takes its own.
    """

    base_url: str
    model: str
    api_key_env: str
    timeout: float
    temperature: float | None = None


def of_teacher(settings: Generate) -> Endpoint:
    """The endpoint that writes queries."""
    return Endpoint(
        base_url=settings.base_url,
        model=settings.model,
        api_key_env=settings.api_key_env,
        timeout=settings.timeout,
    )


def of_judge(settings: Generate) -> Endpoint:
    """The endpoint that judges queries: the teacher's where generate.judge_* names no other."""
    return Endpoint(
        base_url=settings.judge_base_url or settings.base_url,
        model=settings.judge_model or settings.model,
        api_key_env=settings.judge_api_key_env or settings.api_key_env,
        timeout=settings.timeout,
        temperature=0.0,
    )
