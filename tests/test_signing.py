"""Signed bundles: who they are from, and that nothing of them changed since."""

import json
import shutil
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tiny_bundle import resealed, write_tiny_bundle

from idiolect import signing
from idiolect.bundle import Bundle
from idiolect.cli import idiolect
from idiolect.errors import BundleError, MissingExtra, UsageError
from idiolect.files import digest_path
from idiolect.runtimes.layout import ADDED, SIGNATURE
from idiolect.runtimes.model_files import describe


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two pairs, and keys that do not sign: `private`, `public`, `other`, `encrypted`, `rsa`, `text`."""
    folder = tmp_path_factory.mktemp("keys")
    pair, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    plain = serialization.NoEncryption()
    contents = {
        "private": private(pair, plain),
        "public": public(pair),
        "other": public(other),
        "encrypted": private(pair, serialization.BestAvailableEncryption(b"secret")),
        "rsa": private(rsa.generate_private_key(65537, 2048), plain),
        "text": b"no key",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def private(key, encryption):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def public(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture
def bundle(tmp_path, tiny_model):
    return Bundle.load(write_tiny_bundle(tmp_path / "bundle", describe(tiny_model)))


@pytest.fixture
def signed(bundle, keys):
    assert signing.sign(bundle, keys / "private") == bundle.path / SIGNATURE
    return bundle


def test_what_was_signed_is_whole_and_from_whoever_signed_it(signed, keys, tmp_path):
    signed.verify()
    signing.verify_signature(signed, keys / "public")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.symlink_to(shutil.move(signed.path, tmp_path / "renamed"))
    signing.verify_signature(Bundle.load(elsewhere), keys / "public")


def test_another_key_did_not_sign_it(signed, keys):
    with pytest.raises(BundleError, match=r"does not hold with .*other"):
        signing.verify_signature(signed, keys / "other")


def test_a_file_altered_together_with_the_manifest_is_found(signed, keys):
    (signed.path / "model" / "config.json").write_text("{}")
    altered = Bundle.load(resealed(signed.path))
    altered.verify()
    with pytest.raises(BundleError, match="does not hold"):
        signing.verify_signature(altered, keys / "public")


@pytest.mark.parametrize("content", ["", "{}", "no signature"])
def test_a_damaged_signature_does_not_hold(signed, keys, content):
    (signed.path / SIGNATURE).write_text(content)
    with pytest.raises(BundleError, match="does not hold"):
        signing.verify_signature(signed, keys / "public")


def test_without_a_signature_there_is_nothing_to_trust(bundle, keys):
    with pytest.raises(BundleError, match="is not signed"):
        signing.verify_signature(bundle, keys / "public")


def test_a_plan_for_this_machine_may_come_later(signed, keys):
    plan = signed.path / ADDED[1]
    plan.parent.mkdir()
    plan.write_bytes(b"built here")
    signed.verify()
    signing.verify_signature(signed, keys / "public")


def test_a_signature_changes_no_digest_so_that_a_rerun_exports_nothing_again(bundle, keys):
    before = digest_path(bundle.path, ADDED)
    signing.sign(bundle, keys / "private")
    assert digest_path(bundle.path, ADDED) == before
    assert digest_path(bundle.path) != before


def test_a_bundle_that_is_not_whole_is_not_signed(bundle, keys):
    (bundle.path / "model" / "config.json").write_text("{}")
    with pytest.raises(BundleError, match="altered"):
        signing.sign(bundle, keys / "private")
    assert not (bundle.path / SIGNATURE).exists()


@pytest.mark.parametrize("key", ["encrypted", "rsa", "text", "public", "missing"])
def test_a_key_that_cannot_sign_is_named(bundle, keys, key):
    with pytest.raises(UsageError, match=rf"{key} is no private key that can be used"):
        signing.sign(bundle, keys / key)
    bundle.verify()


@pytest.mark.parametrize("key", ["private", "missing"])
def test_a_key_that_cannot_verify_is_named(signed, keys, key):
    with pytest.raises(UsageError, match=rf"{key} is no public key that can be used"):
        signing.verify_signature(signed, keys / key)


def test_without_the_package_its_extra_is_named(bundle, keys, monkeypatch):
    monkeypatch.setitem(sys.modules, "model_signing", None)
    monkeypatch.delitem(sys.modules, "model_signing.signing", raising=False)
    with pytest.raises(MissingExtra, match=r"idiolect\[signing\]"):
        signing.sign(bundle, keys / "private")


def test_the_commands_say_what_they_did_and_what_is_wrong(bundle, keys):
    def called(*arguments):
        return CliRunner().invoke(idiolect, ["bundle", *map(str, arguments)])

    verifying = ("verify", bundle.path, "--public-key", keys / "public")
    assert "is not signed" in str(called(*verifying).exception)
    assert f"in {bundle.path / SIGNATURE}" in called("sign", bundle.path, "--key", keys / "private").output
    assert "signed with the private half of" in called(*verifying).output
    assert json.loads(called(*verifying, "--json").output)["signature_verified"] is True
    assert json.loads(called("verify", bundle.path, "--json").output)["signature_verified"] is False


def test_signing_loads_no_torch(bundle, keys):
    code = (
        "import sys; from idiolect.cli import idiolect; idiolect(sys.argv[1:], standalone_mode=False); "
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "bundle", "sign", bundle.path, "--key", keys / "private"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_librarys_own_command_line_verifies_it_too(signed, keys):
    command = [sys.executable, "-m", "model_signing", "verify", "key", signed.path]
    command += ["--signature", signed.path / SIGNATURE, "--public_key"]
    assert subprocess.run([*command, keys / "public"], capture_output=True).returncode == 0
    assert subprocess.run([*command, keys / "other"], capture_output=True).returncode != 0
