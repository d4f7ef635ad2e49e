"""Which packages a build fetches: captures in, events and hits out."""

import pytest

from packets import Conversation, OK_EMPTY, http_get, write_pcap
from sensor import Found, hits, hunt

BUILD = "10.20.0.11"
# A mirror of our own; what it is asked for is judged all the same.
MIRROR = "10.20.0.40"
LISTED = """\
pkg:npm/axios@1.14.1
pkg:npm/%40scope/tool@2.0.0
pkg:pypi/litellm@1.82.7
pkg:maven/org.example/library@1.0
"""
AXIOS = "pkg:npm/axios@1.14.1"


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "packages.txt"
    path.write_text(LISTED)
    return path


def variables(event):
    return {v["key"]: v["value"] for v in event["metadata"]["flowvars"]}


def fetch(tmp_path, listed, path, *arguments, **more):
    packets = http_get("mirror.example", path, MIRROR, 8081, **more)
    return hunt(write_pcap(tmp_path / "x.pcap", packets), listed,
                "--events", "alert,http", *arguments)


@pytest.mark.parametrize("path, package", [
    ("/repository/npm-proxy/axios/-/axios-1.14.1.tgz", AXIOS),      # Nexus
    ("/artifactory/api/npm/npm-remote/axios/-/axios-1.14.1.tgz", AXIOS),
    ("/axios/-/axios-1.14.1.tgz", AXIOS),                       # Verdaccio
    ("/axios/-/axios-1.14.1.tgz?cache=1", AXIOS),
    ("/@scope/tool/-/tool-2.0.0.tgz", "pkg:npm/%40scope/tool@2.0.0"),
    ("/@scope%2ftool/-/tool-2.0.0.tgz", "pkg:npm/%40scope/tool@2.0.0"),
    ("/root/pypi/+f/abc/0123456789abc/litellm-1.82.7-py3-none-any.whl",
     "pkg:pypi/litellm@1.82.7"),                                    # devpi
    ("/repository/maven-central/org/example/library/1.0/library-1.0.jar",
     "pkg:maven/org.example/library@1.0"),
])
def test_a_listed_package_is_a_hit_whatever_the_mirror(tmp_path, listed, path,
                                                       package):
    result = fetch(tmp_path, listed, path)
    assert hits(result.alerts) == {
        Found("http.package", BUILD, MIRROR, package): 1}
    alert, = result.alerts
    assert alert["alert"]["signature_id"] == 7310018
    assert variables(alert)["package"].split("?")[0] == package
    http, = result.of_type("http")
    assert variables(http)["package"].split("?")[0] == package
    assert "body" not in str(http["http"])


@pytest.mark.parametrize("path, package", [
    ("/axios/-/axios-1.14.2.tgz", "pkg:npm/axios@1.14.2"),
    ("/axios/-/axios-1.14.10.tgz", "pkg:npm/axios@1.14.10"),
    ("/axios-retry/-/axios-retry-1.14.1.tgz", "pkg:npm/axios-retry@1.14.1"),
    ("/@other/tool/-/tool-2.0.0.tgz", "pkg:npm/%40other/tool@2.0.0"),
    ("/axios", None),
    ("/axios/-/axios-1.14.1.tgz.sha256", None),
    ("/x/litellm-1.82.7-py3-none-any.whl.metadata", None),
])
def test_neighbours_are_shown_and_silent(tmp_path, listed, path, package):
    result = fetch(tmp_path, listed, path)
    assert result.alerts == []
    http, = result.of_type("http")
    assert variables(http).get("package") == package


def test_a_fetch_through_a_proxy_is_a_hit(tmp_path, listed):
    talk = Conversation(BUILD, 50000, MIRROR, 3128)
    packets = talk.handshake() + talk.exchange(
        b"GET http://registry.example/axios/-/axios-1.14.1.tgz HTTP/1.1\r\n"
        b"Host: registry.example\r\n\r\n", OK_EMPTY) + talk.close()
    result = hunt(write_pcap(tmp_path / "x.pcap", packets), listed)
    assert hits(result.alerts) == {
        Found("http.package", BUILD, MIRROR, AXIOS): 1}


def test_a_question_about_a_package_is_no_fetch(tmp_path, listed):
    talk = Conversation(BUILD, 50000, MIRROR, 4873)
    packets = talk.handshake() + talk.exchange(
        b"HEAD /axios/-/axios-1.14.1.tgz HTTP/1.1\r\nHost: m\r\n\r\n",
        OK_EMPTY) + talk.close()
    result = hunt(write_pcap(tmp_path / "x.pcap", packets), listed)
    assert result.alerts == []
