"""[generate] of idiolect.toml."""

from typing import Annotated, Literal

from msgspec import Meta

from idiolect.config.sections.section import Section


class Generate(Section, frozen=True, kw_only=True):
    teacher: Annotated[
        Literal["extractive", "llm"],
        Meta(description="who writes queries; llm where base_url is set, else extractive (no LLM needed)"),
    ] = "extractive"
    base_url: Annotated[
        str, Meta(description="an OpenAI-compatible endpoint, e.g. http://localhost:8000/v1")
    ] = ""
    model: Annotated[str, Meta(description="the model that the endpoint is asked for")] = ""
    api_key_env: Annotated[str, Meta(description="the environment variable that holds the API key")] = (
        "OPENAI_API_KEY"
    )
    per_chunk: Annotated[int, Meta(ge=1, description="queries asked of the LLM for each chunk")] = 4
    max_calls: Annotated[
        int,
        Meta(ge=0, description="hard cap on LLM calls, over all attempts at a run; cached answers are free"),
    ] = 10_000
    max_tokens: Annotated[
        int, Meta(ge=0, description="hard cap on LLM tokens, prompts and answers together")
    ] = 20_000_000
    max_queries: Annotated[
        int,
        Meta(
            ge=1,
            description="queries at most; of an LLM's, each heading's first chunk is asked about first",
        ),
    ] = 3_000
    failure_queries: Annotated[
        int,
        Meta(
            ge=1,
            description="queries that a round of --for-failures asks for, twice per_chunk of a chunk at most; "
            "they come on top of max_queries",
        ),
    ] = 200
    styles: Annotated[
        tuple[str, ...],
        Meta(description="styles asked of the LLM; empty takes the four measured and those in WORK/styles"),
    ] = ()
    exemplars: Annotated[
        str, Meta(description="text file of real queries, one a line, whose manner the LLM is to take on")
    ] = ""
    languages: Annotated[
        tuple[str, ...],
        Meta(description="languages to ask queries in, e.g. ['de']; empty follows each chunk"),
    ] = ()
    multi_hop: Annotated[
        float,
        Meta(ge=0, le=1, description="share of LLM calls that show two or three chunks that belong together"),
    ] = 0.0
    correct: Annotated[
        bool,
        Meta(
            description="ask two thirds of an LLM's queries against what the first third lean to, if anything"
        ),
    ] = True
    judge: Annotated[bool, Meta(description="have an LLM judge each query against its chunks")] = False
    judge_base_url: Annotated[str, Meta(description="the judge's endpoint; empty takes base_url")] = ""
    judge_model: Annotated[str, Meta(description="the judge's model; empty takes model")] = ""
    judge_api_key_env: Annotated[
        str, Meta(description="the environment variable that holds the judge's key; empty takes api_key_env")
    ] = ""
    min_judgment: Annotated[
        int, Meta(ge=1, le=10, description="queries whose lowest judgment is below this are rejected")
    ] = 6
    written_negatives: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="share of queries for which the LLM writes a passage that just misses them; 0 is off",
        ),
    ] = 0.0
    round_trip: Annotated[
        int,
        Meta(
            ge=0,
            description="a query whose chunk is not among so many of the fused ranking is rejected; 0 is off",
        ),
    ] = 0
    easy_share: Annotated[
        float,
        Meta(ge=0, le=1, description="share of the kept queries at most that dense and BM25 both find first"),
    ] = 1.0
    min_quality: Annotated[
        int, Meta(ge=1, le=10, description="queries that the LLM itself scores below this are rejected")
    ] = 6
    concurrency: Annotated[int, Meta(ge=1, description="LLM calls in flight at once")] = 16
    timeout: Annotated[float, Meta(gt=0, description="seconds to wait for one LLM answer")] = 120.0
    prices: Annotated[
        str, Meta(description="TOML file of prices per million tokens; empty takes the packaged one")
    ] = ""
