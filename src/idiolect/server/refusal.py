"""What the server answers instead of vectors or hits: OpenAI's error object, at any status."""

import msgspec


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    error: ErrorBody


TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class RefusedError(Exception):
    """A request that is refused; `headers` go into the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
        self.answer = ErrorAnswer(error=ErrorBody(message=message, type=kind, param=param, code=code))
