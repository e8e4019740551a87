"""The servers of the harness are what the other live tests take them for."""

import base64
import io
import json
import os
import secrets
import urllib.error
import urllib.request

import psycopg
import pytest
from minio import Minio

from tests.live.control import gone
from tests.live.process import ServerError

pytestmark = pytest.mark.live


def postgres(variable):
    return psycopg.connect(
        os.environ[variable].replace("postgresql+psycopg", "postgresql"), autocommit=True
    )


def store(variable):
    endpoint, access, secret = os.environ[variable].split(",")
    return Minio(endpoint=endpoint, access_key=access, secret_key=secret, secure=False)


def elastic(method, path, body=None, *, account="GUIDANG_TEST_ES_INDEXER"):
    token = base64.b64encode(os.environ[account].encode()).decode()
    request = urllib.request.Request(  # noqa: S310  # our own http
        f"{os.environ['GUIDANG_TEST_ES_URL']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
        return json.load(answer)


@pytest.fixture
def name():
    return f"guidang-{secrets.token_hex(6)}"


@pytest.mark.parametrize("variable", ["GUIDANG_TEST_S3", "GUIDANG_TEST_WEED"])
def test_both_stores_keep_an_object(variable, name):
    client = store(variable)
    client.make_bucket(bucket_name=name)
    client.put_object(bucket_name=name, object_name="客户", data=io.BytesIO(b"original"), length=8)
    assert client.get_object(bucket_name=name, object_name="客户").read() == b"original"


def test_postgres_is_durable_and_speaks_utf_8():
    with postgres("GUIDANG_TEST_PG_OWNER") as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_the_application_role_owns_nothing():
    with (
        postgres("GUIDANG_TEST_PG") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE mine (id int)")


def test_elasticsearch_lets_the_web_account_see_no_index(name):
    elastic("PUT", name)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        elastic("GET", f"{name}/_search", account="GUIDANG_TEST_ES_WEB")
    elastic("DELETE", name)


@pytest.mark.outage
def test_postgres_comes_back_with_its_rows(name):
    table = f'"{name}"'
    with postgres("GUIDANG_TEST_PG_OWNER") as connection:
        connection.execute(f"CREATE TABLE {table} AS SELECT 1 AS one")
    with gone("postgres"), pytest.raises(psycopg.OperationalError):
        postgres("GUIDANG_TEST_PG_OWNER")
    with postgres("GUIDANG_TEST_PG_OWNER") as connection:
        assert connection.execute(f"SELECT one FROM {table}").fetchone() == (1,)
        connection.execute(f"DROP TABLE {table}")


@pytest.mark.outage
@pytest.mark.parametrize(
    ("server", "variable"), [("minio", "GUIDANG_TEST_S3"), ("weed", "GUIDANG_TEST_WEED")]
)
def test_a_store_comes_back_with_its_objects(server, variable, name):
    client = store(variable)
    client.make_bucket(bucket_name=name)
    client.put_object(bucket_name=name, object_name="a", data=io.BytesIO(b"kept"), length=4)
    with gone(server), pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://{os.environ[variable].split(',')[0]}/")
    assert client.get_object(bucket_name=name, object_name="a").read() == b"kept"


@pytest.mark.outage
def test_elasticsearch_comes_back_with_its_documents(name):
    elastic("PUT", f"{name}/_doc/1?refresh=true", {"kept": True})
    with gone("elastic"), pytest.raises(OSError, match="refused"):
        elastic("GET", f"{name}/_doc/1")
    assert elastic("GET", f"{name}/_doc/1")["_source"] == {"kept": True}
    elastic("DELETE", name)


@pytest.mark.outage
def test_an_unknown_server_cannot_be_stopped():
    with pytest.raises(ServerError, match="postgresql"), gone("postgresql"):
        pass
