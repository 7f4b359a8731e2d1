"""The page that a browser shows at `/`: one file, nothing fetched from elsewhere."""

from pathlib import Path

from jinja2 import Environment

from idiolect.server.service import Service

_template = Environment(autoescape=True).from_string(
    Path(__file__).with_name("page.html").read_text(encoding="utf-8")
)


def render(service: Service, url: str, guarded: bool) -> str:
    """`url` is the API's, as the visitor reaches it; `guarded` says that it asks for a key."""
    manifests = [bundle.manifest for bundle in service.bundles]
    return _template.render(
        state=service.state, manifests=manifests, name=manifests[0].name, url=url, guarded=guarded
    )
