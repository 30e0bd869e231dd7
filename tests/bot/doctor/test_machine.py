"""The machine is made wrong in one way at a time, and the doctor says so with the mend."""

import os
import shutil
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.doctor import machine
from bot.doctor.finding import Finding
from setup.environments import MAIN, Environment
from tests.bot.doctor.conftest import Patient, only


def environment(folder: Path, python: str = "3.11", listed: str = "sea==1.2.0") -> Environment:
    """An environment that has `sea` 1.2.0, and a list."""
    packages = folder / ".venv" / "lib" / f"python{python}" / "site-packages"
    about = packages / "sea-1.2.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: Sea\nVersion: 1.2.0+cpu\n")
    (folder / ".venv" / "bin").mkdir()
    (folder / ".venv" / "bin" / "python").touch()
    (folder / "requirements.lock").write_text(f"{listed}\n")
    lock = folder / "requirements.lock"
    return Environment("", folder / ".venv", lock, (), ("3.11", "3.12"), 1)


def test_an_environment_as_listed_is_well(tmp_path: Path) -> None:
    assert not list(machine.of_environment(environment(tmp_path)))


def test_our_own_environments_are_well(patient: Patient) -> None:
    assert not list(machine.environments(patient.one))


def test_a_missing_environment_is_said(tmp_path: Path) -> None:
    made = environment(tmp_path)
    shutil.rmtree(made.folder)
    found = only(machine.of_environment(made))
    assert found == Finding(
        "缺少 Python 环境 .venv：请执行 make setup。",
        "The environment .venv is missing: run make setup.",
    )


def test_another_python_is_said(tmp_path: Path) -> None:
    found = only(machine.of_environment(environment(tmp_path, python="3.9")))
    assert "has Python 3.9, not 3.11" in found.en


@pytest.mark.parametrize("listed", ["sea==1.3.0", "sea==1.2.0\nland==2.0"])
def test_a_package_that_is_not_as_listed_is_named(tmp_path: Path, listed: str) -> None:
    found = only(machine.of_environment(environment(tmp_path, listed=listed)))
    assert listed.splitlines()[-1] in found.zh
    assert "1 packages in .venv are not as listed" in found.en


def test_a_full_disk_is_said(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not list(machine.disk(patient.one))
    free = shutil.disk_usage(patient.state).free
    monkeypatch.setattr(machine, "LEAST_ROOM", free + 10**9)
    found = only(machine.disk(patient.one))
    assert "磁盘快满了" in found.zh
    assert "make room" in found.en
    assert found.urgent


def test_a_clock_before_what_was_written_is_said(patient: Patient) -> None:
    made = patient.state / "made.json"
    made.touch()
    machine_now = datetime.fromtimestamp(MAIN.lock.stat().st_mtime, UTC)
    patient.clock.moment = machine_now + timedelta(days=1)
    at = patient.clock.moment.timestamp()
    os.utime(made, (at, at))
    assert not list(machine.clock(patient.one))
    patient.clock.pass_by(-timedelta(days=300))
    found = only(machine.clock(patient.one))
    assert "请对时" in found.zh
    assert "is before" in found.en


@pytest.fixture
def server(tmp_path: Path, patient: Patient) -> Iterator[Path]:
    """A server with TLS on this machine; returns its certificate, good for 60 days."""
    made = tmp_path / "made.pem"
    made.write_bytes(a_certificate(patient.clock.now(), timedelta(days=60)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    with create_server(("127.0.0.1", 0)) as listening:
        patient.one = patient.but(public_url=f"https://127.0.0.1:{listening.getsockname()[1]}")

        def serve() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                    with plain, context.wrap_socket(plain, server_side=True) as secured:
                        secured.recv(1)
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield made
        listening.shutdown(2)
    thread.join()


def a_certificate(now: datetime, lasts: timedelta) -> bytes:
    """A key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "this machine")])
    us = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=900))
        .not_valid_after(now + lasts)
        .add_extension(us, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + signed.public_bytes(serialization.Encoding.PEM)


def test_a_certificate_nobody_vouches_for_is_said(server: Path, patient: Patient) -> None:
    found = only(machine.certificate(patient.one))
    assert "证书不被信任" in found.zh
    assert "renew it" in found.en
    assert found.urgent


def test_a_certificate_that_ends_soon_is_said(
    server: Path, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server))
    assert not list(machine.certificate(patient.one))
    patient.clock.pass_by(timedelta(days=50))
    found = only(machine.certificate(patient.one))
    assert "到期" in found.zh
    assert "ends on 2027-01-23" in found.en


def test_an_address_that_cannot_be_reached_is_worth_knowing(patient: Patient) -> None:
    away = f"https://127.0.0.1:{patient.one.said.port}"
    found = only(machine.certificate(patient.but(public_url=away)))
    assert "cannot be reached" in found.en
    assert not found.urgent


def test_without_a_public_address_there_is_nothing_to_look_at(patient: Patient) -> None:
    assert not list(machine.certificate(patient.one))
