"""`make smoke`: a running app as it should be, apps that are not, and names and certificates."""

import ipaddress
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.app_server import AppServer
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
KEY = "key-of-the-smoke-test-0123456789abcdef"
WORDS = {"love": 3.0, "great": 1.0, "awful": -3.0, "hate": -3.0, "terrible": -3.0}
NAME = "opinionlens.localhost"


def smoke(*words):
    command = [sys.executable, str(ROOT / "scripts" / "smoke.py"), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return done


@contextmanager
def running(folder, **settings):
    server = AppServer(folder, admin_key=KEY, **settings)
    server.start()
    try:
        server.wait_for("/health")
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory, write_word_model):
    """An app that serves a folder."""
    folder = tmp_path_factory.mktemp("app")
    write_word_model(folder / "model", WORDS)
    with running(folder, API__MODEL_PATH="model") as server:
        server.wait_for("/ready")
        yield server


def test_an_app_as_it_should_be_passes_every_question(server):
    done = smoke(f"http://127.0.0.1:{server.port}", "--key", KEY)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) == 27
    assert [line for line in lines if line.startswith("skip")] == [
        line for line in lines if "/api/v1/models/registry" in line
    ]
    assert lines[-1] == "All 25 are well."


def test_without_a_key_the_administrators_part_is_left_out(server):
    done = smoke(f"http://{NAME}:{server.port}")  # a name that need not resolve
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("needs a key: KEY=…") == 5


def test_an_app_without_a_model_fails_unless_the_word_list_will_do(tmp_path):
    with running(tmp_path, SECURITY__PREDICT_NEEDS_KEY="true") as server:
        address = f"http://127.0.0.1:{server.port}"
        done = smoke(address)
        assert done.returncode == 1
        assert "FAIL GET /ready" in done.stdout
        assert "predictions need a key here" in done.stdout
        done = smoke(address, "--key", KEY, "--word-list")
        assert "FAIL GET /ready" not in done.stdout
        assert "FAIL POST" not in done.stdout
        assert "FAIL GET /api/v1/models/registry" in done.stdout  # it is away


def test_nothing_there_is_one_line():
    done = smoke(f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2


class Stub(BaseHTTPRequestHandler):
    """Health alone, behind a rate limit that lets nothing through at first."""

    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        limited = len(self.server.hosts) == 1
        body = b'{"status": "ok"}' if self.path == "/health" else b"{}"
        self.send_response(429 if limited else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "0")
        self.send_header("X-Request-ID", self.headers.get("X-Request-ID", ""))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names are those of the base class

    def log_message(self, *args):
        pass


@contextmanager
def stub(context=None):
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        server.hosts = []
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_rate_limit_is_waited_for_and_empty_answers_are_failures():
    with stub() as server:
        done = smoke(f"http://127.0.0.1:{server.server_port}", "--host", NAME, "--key", KEY)
    assert done.returncode == 1
    assert "ok   GET /health" in done.stdout
    assert set(server.hosts) == {NAME}
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 25  # all others


def test_the_certificate_must_be_of_the_name(tmp_path):
    certificate = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with stub(context) as server:
        address = f"https://127.0.0.1:{server.server_port}"
        assert "ok   GET /health" in smoke(address, "--host", NAME, "--ca", str(certificate)).stdout
        other = smoke(address, "--host", "elsewhere.localhost", "--ca", str(certificate)).stdout
        assert "certificate verify failed" in other
        assert "certificate verify failed" in smoke(address, "--host", NAME).stdout
        assert "ok   GET /health" in smoke(address, "--insecure").stdout


def write_certificate(folder):
    """Write a certificate of our own for the name, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
