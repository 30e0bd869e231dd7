"""The examples for nginx and Caddy, run as they are before the real app."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bot.channels.webchat import SESSION_COOKIE
from bot.desk.visit import COOKIE
from setup.processes import free_port, is_free
from tests.bot.conftest import on_a_port, photo
from tests.bot.desk.conftest import Village
from tests.conftest import missing

PROXIES = ("nginx", "caddy")
NAME, INSIDE = "xiaoli.example.org", "127.0.0.1:8080"
SESSION = {"X-Session": "s" * 32}

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fullchain.pem and privkey.pem of this machine."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        ), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, *plain))
    return folder


def nginx_command(site: str, folder: Path, tls: Path, port: int) -> list[str]:
    site = site.replace(f"/etc/letsencrypt/live/{NAME}", str(tls))
    site = site.replace("listen [::]", "# listen [::]").replace("listen 443", f"listen {port}")
    site = site.replace("listen 80;", f"listen {free_port()};")
    site = site.replace("/var/log/nginx/xiaoli.log", str(folder / "error.log"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ {temporary} include {folder}/site.conf; }}"
    )
    as_root = ["-g", "user root;"] if Path(folder).owner() == "root" else []
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), *as_root]


def caddy_command(site: str, folder: Path, tls: Path, port: int) -> list[str]:
    site = site.replace("{\n", "{\n\tadmin off\n\tauto_https disable_redirects\n", 1)
    opened = f"https://127.0.0.1:{port} {{\n\ttls {tls}/fullchain.pem {tls}/privkey.pem"
    (folder / "Caddyfile").write_text(site.replace(f"{NAME} {{", opened))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


COMMANDS = {"nginx": ("nginx.conf", nginx_command), "caddy": ("Caddyfile", caddy_command)}


@contextmanager
def proxied(
    kind: str, inside: str, folder: Path, tls: Path, *changes: tuple[str, str]
) -> Iterator[httpx.Client]:
    """Run the example before what is inside; yields a browser that trusts its certificate."""
    if not shutil.which(kind):
        missing(kind)
    file, command = COMMANDS[kind]
    site, port = (Path("deploy") / file).read_text("utf-8"), free_port()
    for old, new in (*changes, (INSIDE, inside)):
        assert old in site
        site = site.replace(old, new)
    run = command(site, folder, tls, port)
    trusting = ssl.create_default_context(cafile=tls / "fullchain.pem")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            run,
            stdout=output,
            stderr=output,
            env={"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin"},
        )
    try:
        until = time.monotonic() + 20
        while is_free("127.0.0.1", port):
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < until
            time.sleep(0.02)
        url = f"https://127.0.0.1:{port}"
        with httpx.Client(base_url=url, verify=trusting, timeout=20) as browser:
            yield browser
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(params=PROXIES)
def browser(
    request: pytest.FixtureRequest, village: Village, tmp_path: Path, certificate: Path
) -> Iterator[httpx.Client]:
    with (
        on_a_port(village.bot.app) as url,
        proxied(request.param, url.removeprefix("http://"), tmp_path, certificate) as net,
    ):
        yield net


def test_residents_and_staff_are_served_under_tls(browser: httpx.Client) -> None:
    """A page and its cookie, the chat, a photo, and the desk's form."""
    page = browser.get("/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    cookies = page.headers.get_list("set-cookie")
    assert all("secure" in cookie.lower() for cookie in cookies)
    assert any(cookie.startswith(SESSION_COOKIE) for cookie in cookies)

    said = {"session": "t" * 32, "message_id": "m1", "text": "你好"}
    assert browser.post("/api/chat", json=said).json()["replies"][-1]["text"] == "你说：你好"
    sent = browser.post("/api/chat/uploads", files={"file": photo()}, headers=SESSION)
    assert sent.status_code == 200

    form = {"username": "own", "password": "correct horse"}
    entered = browser.post(
        "/desk/sign-in", data=form, headers={"Origin": str(browser.base_url).rstrip("/")}
    )
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert "secure" in cookie
    foreign = {"Origin": "https://elsewhere.example"}
    assert browser.post("/desk/sign-in", data=form, headers=foreign).status_code == 403


def test_the_inside_is_not_shown_however_it_is_written(browser: httpx.Client) -> None:
    for path in (
        "/metrics",
        "/readyz",
        "/%6detrics",
        "/x/../metrics",
        "//metrics",
        "/metrics?a",
    ):
        shown = browser.get(str(browser.base_url).rstrip("/") + path)
        assert shown.status_code == 404, path
        assert "xiaoli_" not in shown.text
    assert browser.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("kind", PROXIES)
def test_the_largest_form_passes_and_a_larger_one_does_not(
    kind: str, tmp_path: Path, certificate: Path, database: object
) -> None:
    """The desk's four photos of 8 MiB, and what nobody here sends."""
    megabyte, arrived = 1024 * 1024, [0]

    async def count(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.append(0)
        more = True
        while more:
            message = await receive()
            arrived[-1] += len(message.get("body", b""))
            more = message.get("more_body", False)
        await PlainTextResponse("taken")(scope, receive, send)

    with (
        on_a_port(count) as url,
        proxied(kind, url.removeprefix("http://"), tmp_path, certificate) as net,
    ):
        assert net.post("/desk/chat", content=b"x" * (33 * megabyte)).text == "taken"
        assert arrived[-1] == 33 * megabyte
        try:
            refused = net.post("/desk/chat", content=b"x" * (40 * megabyte))
        except httpx.TransportError:  # the connection ends before all was sent
            pass
        else:
            assert refused.text != "taken"
    assert max(arrived) <= 36 * megabyte


def first_words(browser: httpx.Client, within: float) -> str:
    """Return what a live page hears at once; empty if it is kept from it so long."""
    try:
        with browser.stream("GET", "/api/chat/events", headers=SESSION, timeout=within) as live:
            return next(live.iter_text())
    except httpx.ReadTimeout:
        return ""


def test_a_live_page_hears_at_once(browser: httpx.Client) -> None:
    assert first_words(browser, 10).startswith("retry:")


def test_a_buffer_would_keep_it_from_the_page(
    village: Village, tmp_path: Path, certificate: Path
) -> None:
    """The control: nginx where our word against buffering is not listened to."""
    deaf = ("proxy_read_timeout 60s;", "proxy_ignore_headers X-Accel-Buffering;")
    with (
        on_a_port(village.bot.app) as url,
        proxied("nginx", url.removeprefix("http://"), tmp_path, certificate, deaf) as net,
    ):
        assert first_words(net, 1.5) == ""


@pytest.mark.parametrize("kind", PROXIES)
def test_a_caller_cannot_claim_another_address(
    kind: str, village: Village, tmp_path: Path, certificate: Path
) -> None:
    claims = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http", "X-Real-IP": "::1"}
    heard = heard_inside(kind, village, tmp_path, certificate, claims)

    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "https"
    assert heard["host"].startswith("127.0.0.1:")


def test_nginx_as_many_write_it_would_let_them(
    village: Village, tmp_path: Path, certificate: Path
) -> None:
    """The control: the header handed on as it came, and the host without its port."""
    naive = (
        ("X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for"),
        ("Host $http_host", "Host $host"),
    )
    claims = {"X-Forwarded-For": "192.0.2.66"}
    heard = heard_inside("nginx", village, tmp_path, certificate, claims, *naive)

    assert heard["x-forwarded-for"] == "192.0.2.66"
    assert heard["host"] == "127.0.0.1"


def heard_inside(
    kind: str,
    village: Village,
    folder: Path,
    tls: Path,
    claims: dict[str, str],
    *changes: tuple[str, str],
) -> dict[str, str]:
    """Return the headers that reach what is inside."""
    heard: dict[str, str] = {}

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            heard.update({name.decode(): value.decode() for name, value in scope["headers"]})
        await village.bot.app(scope, receive, send)

    with (
        on_a_port(listen) as url,
        proxied(kind, url.removeprefix("http://"), folder, tls, *changes) as net,
    ):
        assert net.get("/healthz", headers=claims).status_code == 200
    return heard


@pytest.mark.parametrize("kind", PROXIES)
def test_while_we_start_people_are_told_so(
    kind: str, tmp_path: Path, certificate: Path, database: object
) -> None:
    with proxied(kind, f"127.0.0.1:{free_port()}", tmp_path, certificate) as net:
        answer = net.get("/")

    assert answer.status_code == 503
    assert "小沥正在启动" in answer.text
    assert answer.headers["retry-after"] == "5"
