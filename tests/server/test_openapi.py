"""The server held against its own OpenAPI document: whatever that allows is answered as it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.cli.play import ID, Settings
from tests.server.api import Office

CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def office(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office.of(settings.at("published", tmp_path_factory.mktemp("described") / "stage"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def token(office: Office) -> str:
    return office.token("jane", "--scope write")


@pytest.fixture(scope="module")
def described(office: Office) -> BaseSchema:
    port = office.serve()
    found = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
    return found.exclude(path="/api/events/stream")  # it does not end


def test_what_the_document_allows_is_answered_as_it_says(described: BaseSchema, token: str) -> None:
    asked = 0

    def ask(case: Case) -> None:
        nonlocal asked
        if "id" in case.path_parameters:
            case.path_parameters["id"] = ID  # so that most requests are about what is there
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS, timeout=30)
        asked += 1

    for found in described.get_all_operations():
        strategy = found.ok().as_strategy()
        tried = settings(
            max_examples=5, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        tried(given(strategy)(ask))()
    assert asked >= 80
