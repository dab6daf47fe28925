"""A registry that tests pull from: a few fixed documents over HTTP, which is all that a pull asks for.

The engine takes one on the loopback interface without encryption. Every image is the test image with another variable
in its environment, so that each has a digest of its own.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from workers.adapters.docker.engine import Engine

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """It, with one repository `name`.

    Args:
        engine: has the test image.
        name: of the repository.
        image: the test image.
    """

    def __init__(self, engine: Engine, name: str, image: str = "busybox:stable") -> None:
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._config, self._layers = self._read(engine, image)
        self._name = name
        registry = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self, body=True)

            def do_HEAD(self) -> None:
                registry.answer(self, body=False)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def repository(self) -> str:
        """How the engine calls it."""
        return f"127.0.0.1:{self._server.server_address[1]}/{self._name}"

    def add(self, variable: str, tag: str | None = None) -> str:
        """Have an image with a variable in its environment, and let a tag stand for it; its digest."""
        mark = f"FROM={self.repository}"  # nobody else's image has this one's id, so nobody else uses it
        config = json.dumps({**self._config, "config": {**self._config["config"], "Env": [variable, mark]}}).encode()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": self._put("blobs", _CONFIG, config),
                "layers": [self._put("blobs", _LAYER, layer) for layer in self._layers],
            }
        ).encode()
        self._put("manifests", _MANIFEST, manifest)
        if tag is not None:
            self._documents[f"/v2/{self._name}/manifests/{tag}"] = (_MANIFEST, manifest)
        return digest_of(manifest)

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        """Answer one request."""
        found = ("application/json", b"{}") if request.path == "/v2/" else self._documents.get(request.path)
        kind, content = found or ("application/json", b"{}")
        request.send_response(200 if found else 404)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        if found:
            request.send_header("Docker-Content-Digest", digest_of(content))
        request.end_headers()
        if body:
            request.wfile.write(content)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _put(self, folder: str, kind: str, content: bytes) -> dict[str, object]:
        self._documents[f"/v2/{self._name}/{folder}/{digest_of(content)}"] = (kind, content)
        return {"mediaType": kind, "size": len(content), "digest": digest_of(content)}

    @staticmethod
    def _read(engine: Engine, image: str) -> tuple[dict[str, Any], list[bytes]]:
        saved = b"".join(engine.client.get_image(image))
        with tarfile.open(fileobj=io.BytesIO(saved)) as archive:

            def read(name: str) -> bytes:
                found = archive.extractfile(name)
                assert found is not None
                return found.read()

            (manifest,) = json.loads(read("manifest.json"))
            return json.loads(read(manifest["Config"])), [read(name) for name in manifest["Layers"]]
