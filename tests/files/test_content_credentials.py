"""Content Credentials: a signed record of what was done, put on last, verified, and told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("c2pa")

from safelight.document import Document, Kept, Layer, LiveFilter, Record
from safelight.files import ExportError, ExportOptions, Origin, WriteError, export, open_picture
from safelight.files.provenance import content_credentials, vouching_authorities
from safelight.files.untrusted_reader import HERE, Here
from safelight.pixels import Raster
from tests import pictures

SIGNED = ExportOptions(credentials="made on the spot")
DIGEST = "ab" * 32


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "in.jpg"
    path.write_bytes(pictures.jpeg_file(pictures.noise()))
    return path


def denoised():
    """A picture with what a network made of it, kept."""
    raster = Raster.from_array(pictures.noise(seed=4))
    kept = Kept(raster, b"k", models={"net.onnx": DIGEST})
    held = LiveFilter("some.denoise", "Denoise", "safelight-clean", "1.0", {}, kept=kept)
    document = Document.from_raster(Raster.from_array(pictures.noise()))
    return replace(document, layers=(*document.layers, Layer("Denoise", held)))


def told(path):
    kind, data = content_credentials.file_with_credentials(path)
    return HERE.credentials(kind, data)


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp", "avif", "jxl"])
def test_a_signed_export_is_valid_shows_the_same_and_lists_each_step(tmp_path, original, ending):
    document, steps = denoised(), (Record("command", "crop"), Record("filter", "some.denoise"))
    plain = export(document, tmp_path / f"plain.{ending}").path
    signed = export(document, tmp_path / f"out.{ending}", SIGNED, origin=Origin(original, steps))
    assert content_credentials.MADE_HERE in signed.notes
    found = told(signed.path)
    assert found.valid
    assert not found.trusted
    assert not found.faults
    assert found.program.startswith("Safelight ")
    assert "made on the spot" in found.signer
    assert found.ingredients == ("in.jpg",)
    assert found.actions[0].startswith("c2pa.opened")
    assert found.actions[1] == "c2pa.cropped; crop"
    assert found.actions[2] == f"c2pa.filtered; Denoise; network net.onnx sha256:{DIGEST}"
    opened = [open_picture(path).document for path in (plain, signed.path)]
    pixels = [item.layers[0].pixels.to_array() for item in opened]
    assert np.array_equal(*pixels)
    assert opened[0].metadata.xmp == opened[1].metadata.xmp


def test_whoever_changes_a_signed_file_is_found_out(tmp_path, original):
    path = export(denoised(), tmp_path / "out.jpg", SIGNED, origin=Origin(original)).path
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    found = told(path)
    assert not found.valid
    assert "assertion.dataHash.mismatch" in found.faults
    assert next(found.lines()).startswith("not valid")


def test_a_manifest_goes_on_as_an_ingredient_and_what_is_stripped_is_said(tmp_path, original):
    first = export(denoised(), tmp_path / "a.jpg", SIGNED, origin=Origin(original)).path
    again = export(denoised(), tmp_path / "b.png", SIGNED, origin=Origin(first))
    assert told(again.path).ingredients == ("a.jpg (with a manifest of its own)",)
    assert told(again.path).valid
    bare = export(denoised(), tmp_path / "c.jpg", origin=Origin(first))
    assert bare.notes[-1].startswith("The Content Credentials of a.jpg are not in the file")
    assert content_credentials.file_with_credentials(bare.path) is None
    assert not export(denoised(), tmp_path / "d.jpg", origin=Origin(original)).notes


@pytest.mark.parametrize("name", ["in.safelight", "in.cr2", None])
def test_what_holds_no_manifest_or_is_not_there_is_an_origin_too(tmp_path, name):
    file = None if name is None else tmp_path / name
    if file is not None:
        file.write_bytes(b"some project or raw file")
    path = export(denoised(), tmp_path / "out.jpg", SIGNED, origin=Origin(file)).path
    found = told(path)
    assert found.valid
    assert found.ingredients == (() if name is None else (name,))
    assert found.actions[0].split(";")[0] == ("c2pa.created" if name is None else "c2pa.opened")


def own_chain(common_name, usage):
    """Certificates of somebody with an authority above, and the key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text):
        parts = ((NameOID.ORGANIZATION_NAME, "Studio"), (NameOID.COMMON_NAME, text))
        return x509.Name([x509.NameAttribute(*part) for part in parts])

    root, key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    now, pem = datetime.now(UTC), serialization.Encoding.PEM
    others = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )

    def made(subject, public, authority, **more):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("The authority"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=9))
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False
            )
            .add_extension(x509.KeyUsage(True, **(others | more)), True)
        )
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        return builder.sign(root, hashes.SHA384()).public_bytes(pem)

    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return (
        made(common_name, key.public_key(), False)
        + made("The authority", root.public_key(), True, key_cert_sign=True)
        + key.private_bytes(pem, form, none)
    )


def test_somebodys_own_certificate_signs_and_one_that_may_not_is_refused(
    tmp_path, original, monkeypatch
):
    from cryptography.x509.oid import ExtendedKeyUsageOID

    mine = tmp_path / "mine.pem"
    monkeypatch.setattr(content_credentials, "own_certificate", lambda: mine)
    options, target = ExportOptions(credentials="own"), tmp_path / "out.jpg"
    with pytest.raises(ExportError, match=r"no certificate of yours: .*mine\.pem"):
        export(denoised(), target, options)
    mine.write_bytes(own_chain("Ada", ExtendedKeyUsageOID.SERVER_AUTH))
    with pytest.raises((ExportError, WriteError), match="signed|not valid"):
        export(denoised(), target, options, origin=Origin(original))
    mine.write_bytes(b"rubbish")
    with pytest.raises(ExportError, match="there is no private key"):
        export(denoised(), target, options, origin=Origin(original))
    assert not target.exists()
    mine.write_bytes(own_chain("Ada", ExtendedKeyUsageOID.EMAIL_PROTECTION))
    signed = export(denoised(), target, options, origin=Origin(original))
    assert content_credentials.MADE_HERE not in signed.notes
    assert "Ada" in told(target).signer
    assert told(target).valid


def test_a_signer_is_vouched_for_by_authorities_that_the_user_has_alone(
    tmp_path, original, monkeypatch
):
    from cryptography.x509.oid import ExtendedKeyUsageOID

    mine, folder = tmp_path / "mine.pem", tmp_path / "authorities"
    monkeypatch.setattr(content_credentials, "own_certificate", lambda: mine)
    monkeypatch.setattr(vouching_authorities, "authorities_folder", lambda: folder)
    chain = own_chain("Ada", ExtendedKeyUsageOID.EMAIL_PROTECTION)
    mine.write_bytes(chain)
    target = tmp_path / "out.jpg"
    export(denoised(), target, ExportOptions(credentials="own"), origin=Origin(original))
    assert not told(target).trusted
    folder.mkdir()
    (folder / "a.pem").write_bytes(b"-----BEGIN CERTIFICATE-----rubbish-----END CERTIFICATE-----")
    (folder / "b.pem").write_bytes(own_chain("Bob", ExtendedKeyUsageOID.EMAIL_PROTECTION))
    assert not told(target).trusted
    (folder / "c.pem").write_bytes(chain)
    assert told(target).trusted
    assert next(told(target).lines()) == (
        "valid, signed by Ada, Studio, whose certificate is vouched for"
    )


def test_a_format_or_a_machine_without_them_is_a_sentence_and_writes_nothing(
    tmp_path, original, monkeypatch
):
    with pytest.raises(ExportError, match="BMP holds no Content Credentials; these do: JPEG"):
        export(denoised(), tmp_path / "out.bmp", SIGNED)
    monkeypatch.setattr(content_credentials, "available", lambda: False)
    with pytest.raises(ExportError, match=r"pip install 'safelight\[c2pa\]'"):
        export(denoised(), tmp_path / "out.jpg", SIGNED)
    assert list(tmp_path.iterdir()) == [original]


def test_what_does_not_verify_takes_no_name(tmp_path, original):
    class Wrong(Here):
        def signed(self, asked):
            data = bytearray(super().signed(asked))
            data[-40] ^= 1
            return bytes(data)

    with pytest.raises(WriteError, match="its Content Credentials are not valid"):
        export(denoised(), tmp_path / "a.jpg", SIGNED, reading=Wrong(), origin=Origin(original))
    assert list(tmp_path.iterdir()) == [original]


def test_strange_manifests_are_told_and_never_raise(tmp_path, original):
    path = export(denoised(), tmp_path / "out.jpg", SIGNED, origin=Origin(original)).path
    kind, data = content_credentials.file_with_credentials(path)
    start, numbers = data.index(b"jumdc2pa"), np.random.default_rng(2)
    valid = 0
    for _ in range(60):
        strange = bytearray(data)
        for place in numbers.integers(start + 24, start + 4000, 3):
            strange[place] = numbers.integers(256)
        valid += HERE.credentials(kind, bytes(strange)).valid
    assert valid < 30
    for answer in (b"", b"[]", b'{"manifests": []}', b'{"active_manifest": 3, "manifests": {}}'):
        with pytest.raises(content_credentials.PartLost):
            content_credentials.credentials_in([np.frombuffer(answer, np.uint8)])


def test_a_batch_and_info_read_and_sign_in_the_confined_process(tmp_path, original, monkeypatch):
    from safelight.actions import credentials_of
    from safelight.cli.main import main

    monkeypatch.setattr(content_credentials, "_context", pytest.fail)  # in this process
    recipe = tmp_path / "recipe.json"
    recipe.write_text(
        '{"version": 2, "steps": [{"command": "flip"}],'
        ' "export": {"format": "JPEG", "credentials": "made on the spot"}}'
    )
    out = tmp_path / "out"
    assert main(["run", str(recipe), str(original), "--output-dir", str(out), "--quiet"]) == 0
    lines = credentials_of(Path(out / "in.jpg"))
    assert lines[0].startswith("valid, so nothing was changed since")
    assert "ingredient: in.jpg" in lines
    assert "action: c2pa.orientation; flip" in lines
