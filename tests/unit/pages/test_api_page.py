"""The page that describes the API."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.http.operations import OPERATIONS
from tests.unit.pages.conftest import page, words_of


def test_every_route_and_every_shape_that_it_names_is_described(client: FlaskClient) -> None:
    text = page(client, "/api/v1/docs")
    for name in (endpoint.rpartition(".")[2] for endpoint in OPERATIONS):
        assert f'id="{name}"' in text
    said = words_of(text)
    assert "POST /api/v1/stacks/{environment}/{name}/rollback" in said
    assert "limit query integer from 1 to 1000; 100 by default" in said
    assert "status query StackStatus" in said
    assert "removed , invalid , deploying" in said
    for shape in ("RunPage", "StackRow", "Problem", "RollbackRequest"):
        assert f'href="#{shape}"' in text
        assert f'id="{shape}"' in text


def test_only_what_reads_and_ends_can_be_tried(client: FlaskClient) -> None:
    text = page(client, "/api/v1/docs")
    assert 'action="/api/v1/runs/{run}"' in text
    assert 'action="/api/v1/events"' not in text
    assert 'action="/api/v1/repos/{repo}/pull"' not in text


def test_it_needs_a_login_and_runs_nothing_from_elsewhere(client: FlaskClient, stranger: FlaskClient) -> None:
    answer = client.get("/api/v1/docs")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    client.post("/logout", data={"form": answer.text.partition('name="form" value="')[2].partition('"')[0]})
    assert stranger.get("/api/v1/docs").headers["Location"] == "/login?next=/api/v1/docs"
