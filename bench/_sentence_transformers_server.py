"""What one writes around sentence-transformers in an afternoon.

    python bench/_sentence_transformers_server.py MODEL PORT

One request is encoded after the other, in batches by `encode` itself: tokenizers cannot be shared by threads.
"""

import sys
import threading
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer


class Asked(BaseModel):
    model: str
    input: str | list[str]


def create(path: str) -> FastAPI:
    app = FastAPI()
    model = SentenceTransformer(path, device="cpu")
    lock = threading.Lock()

    @app.post("/v1/embeddings")
    def embeddings(asked: Asked) -> dict[str, Any]:
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        with lock:
            vectors = model.encode(texts, normalize_embeddings=True).tolist()
        data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        return {"object": "list", "model": asked.model, "data": data}

    return app


if __name__ == "__main__":
    uvicorn.run(create(sys.argv[1]), port=int(sys.argv[2]), log_level="warning", access_log=False)
