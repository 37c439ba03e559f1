"""Content Credentials: a signed record of what was done to a picture, made, read and verified.

The record is a manifest of C2PA (specification 2.x), which c2pa-python writes and reads (the extra
``safelight[c2pa]``). A stranger's manifest is a stranger's bytes: ``reported`` and ``signed`` run
where files are decoded, in a confined process, and load the library there alone.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import __version__
from safelight.document import Document, Record
from safelight.files.codecs.photograph import PartLost
from safelight.files.exports.export_outcome import ExportError
from safelight.files.plain_text import plain_text
from safelight.files.provenance.credential_actions import actions_of
from safelight.files.provenance.provenance import TERMS, declared
from safelight.files.provenance.signing_key import signing_info
from safelight.files.provenance.vouching_authorities import authorities
from safelight.folders import data_folder

TYPES: Mapping[str, str] = {
    **{"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WebP": "image/webp"},
    **{"AVIF": "image/avif", "JPEG XL": "image/jxl"},
}
"""The media types of formats that hold a manifest, by the names of codecs."""

_OPENED = {
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg"},
    **{".png": "image/png", ".webp": "image/webp", ".avif": "image/avif", ".gif": "image/gif"},
    **{
        ".tif": "image/tiff",
        ".tiff": "image/tiff",
        ".dng": "image/x-adobe-dng",
        ".jxl": "image/jxl",
    },
    **{".heic": "image/heic", ".heif": "image/heif"},
}
"""The media types of files that may hold one, by their endings."""

_OTHER = "application/octet-stream"
"""The media type of an original that holds no manifest."""

_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
"""What each manifest store has: the type of its description box (ISO 19566-5, C2PA 11.1.4.1)."""

_LARGEST = 512 << 20
"""Bytes of a file that is read for its manifest, or kept as an ingredient."""

_LENGTH = struct.Struct("<I")

_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
"""Nothing goes out over the network, and no second picture is made."""

_CANNOT = (
    "Content Credentials need c2pa-python: pip install 'safelight[c2pa]'; nothing was written."
)

MADE_HERE = (
    "It is signed by a certificate that was made for this one file, whose key is gone: it shows"
    " that nothing was changed since, and not who signed."
)
"""What a certificate made on the spot means, for people."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file's manifest says, for people: who ``signer`` says to be, whether the signature and
    all hashes are ``valid``, whether somebody vouches for the signer (``trusted``), the ``faults``
    that were found, the ``program`` that made it, and which ``actions`` and ``ingredients`` it
    lists.
    """

    signer: str
    valid: bool
    trusted: bool
    faults: tuple[str, ...]
    program: str
    actions: tuple[str, ...]
    ingredients: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """A line for each thing to be told."""
        if not self.valid:
            yield f"not valid: {', '.join(self.faults) or 'it does not fit the file'}"
        elif self.trusted:
            yield f"valid, signed by {self.signer}, whose certificate is vouched for"
        else:
            yield (
                f"valid, so nothing was changed since; signed by {self.signer or 'somebody'}, for"
                " whom nobody vouches"
            )
        if self.program:
            yield f"made by {self.program}"
        yield from (f"ingredient: {title}" for title in self.ingredients)
        yield from (f"action: {action}" for action in self.actions)


def available() -> bool:
    """Whether manifests can be written and verified here."""
    return find_spec("c2pa") is not None


def can_sign(format: str) -> bool:
    """Whether files of a format can be signed here."""
    return format in TYPES and available()


def holds_credentials(data: bytes) -> bool:
    """Whether a file's bytes hold a manifest."""
    return _MARK in data


def file_with_credentials(path: Path) -> tuple[str, bytes] | None:
    """Media type and bytes of a file that holds a manifest; None for any other."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError:
        return None
    if len(data) > _LARGEST or not holds_credentials(data):
        return None
    return _OPENED.get(path.suffix.casefold(), _OTHER), data


# -- what is asked ---------------------------------------------------------------------------


def own_certificate() -> Path:
    """The file with the user's certificates, first the one that signs, and its private key: PEM."""
    return data_folder() / "content-credentials.pem"


def check(format: str, *, own: bool) -> None:
    """Raise ExportError unless files of that format can be signed here."""
    if not available():
        raise ExportError(_CANNOT)
    if format not in TYPES:
        there = ", ".join(TYPES)
        raise ExportError(f"{format} holds no Content Credentials; these do: {there}.")
    if own and not own_certificate().is_file():
        raise ExportError(
            f"There is no certificate of yours: {own_certificate()} holds certificates and their"
            " private key, as PEM."
        )


def signing_asked(
    data: bytes,
    document: Document,
    codec: str,
    name: str,
    *,
    own: bool,
    original: Path | None,
    steps: Sequence[Record],
    resized: bool,
) -> bytes:
    """What ``signed`` is asked: a file ``data`` of a codec, to be signed with what was done to the
    ``original``; with the user's ``own`` certificate, or one made on the spot. Raises ExportError.
    """
    check(codec, own=own)
    kind = TYPES[codec]
    before, pem = b"", b""
    if original is not None:
        try:
            with original.open("rb") as file:
                before = file.read(_LARGEST + 1)
        except OSError as error:
            raise ExportError(
                f"{original.name} cannot be read for the Content Credentials: {error.strerror}."
            ) from error
        if len(before) > _LARGEST:
            raise ExportError(f"{original.name} is too large for Content Credentials.")
    if own:
        try:
            pem = own_certificate().read_bytes()
        except OSError as error:
            raise ExportError(f"{own_certificate()} cannot be read: {error.strerror}.") from error
    facts = {
        "manifest": {
            "claim_generator_info": [{"name": "Safelight", "version": __version__}],
            "title": plain_text(name),
            "format": kind,
            "assertions": [],
        },
        "type": kind,
        "actions": list(actions_of(document, steps, resized=resized)),
        "source_type": TERMS[declared(document) or "wholly"] if document.synthetic else "",
        "title": "" if original is None else plain_text(original.name),
        "original": "" if original is None else _OPENED.get(original.suffix.casefold(), _OTHER),
        "lengths": [len(data), len(before), len(pem)],
    }
    text = json.dumps(facts).encode()
    return b"".join((_LENGTH.pack(len(text)), text, data, before, pem))


# -- where strangers' files are read ---------------------------------------------------------


def signed(asked: bytes) -> list[NDArray[Any]]:
    """What ``signing_asked`` asks for: facts as JSON, which tell why there is no signed file, and
    that file, each uint8 (count,).
    """
    import c2pa

    facts, rest = _split(asked)
    first, second, _ = facts["lengths"]
    data, before, pem = rest[:first], rest[first : first + second], rest[first + second :]
    made = io.BytesIO()
    try:
        signer = c2pa.Signer.from_info(signing_info(pem))
        with c2pa.Builder(facts["manifest"], context=_context()) as builder:
            if before:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                told = {"title": facts["title"], "relationship": "parentOf"}
                builder.add_ingredient(told, facts["original"], io.BytesIO(before))
            else:
                kind = facts["source_type"] or _COMPOSED
                builder.add_action({"action": "c2pa.created", "digitalSourceType": kind})
            for action in facts["actions"]:
                builder.add_action(action)
            builder.sign(signer, facts["type"], io.BytesIO(data), made)
    except (c2pa.C2paError, ValueError) as error:
        return [_json({"failed": str(error)[:600]}), np.empty(0, np.uint8)]
    return [_json({}), np.frombuffer(made.getvalue(), np.uint8)]


_COMPOSED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"


def signed_file(arrays: Sequence[NDArray[Any]]) -> bytes:
    """The file that arrays of ``signed`` are: facts and bytes, each uint8 (count,). Raises
    ExportError.
    """
    try:
        failed = json.loads(arrays[0].tobytes()).get("failed")
        data = arrays[1].tobytes()
    except (LookupError, ValueError, AttributeError, RecursionError):
        failed, data = "what signs it sent an answer that makes no sense", b""
    if failed or not data:
        reason = plain_text(str(failed)).rstrip(".")
        raise ExportError(f"It cannot be signed, and nothing was written: {reason}.")
    return data


def reading_asked(kind: str, data: bytes, vouching: str | None = None) -> bytes:
    """What ``reported`` is asked: a file of a media type, and ``vouching``, the certificates of
    those who may vouch for its signer, as PEM; those of ``authorities()`` where it is None.
    """
    vouching = authorities() if vouching is None else vouching
    text = json.dumps({"type": kind, "authorities": vouching}).encode()
    return b"".join((_LENGTH.pack(len(text)), text, data))


def reported(asked: bytes) -> list[NDArray[Any]]:
    """What the manifest of a file says that ``reading_asked`` hands over, as JSON in (count,) of
    uint8.
    """
    import c2pa

    facts, data = _split(asked)
    try:
        context = _context(facts["authorities"])
        with c2pa.Reader(facts["type"], io.BytesIO(data), context=context) as reader:
            return [np.frombuffer(reader.json().encode(), np.uint8)]
    except (c2pa.C2paError, ValueError) as error:
        return [_json({"failed": str(error)[:600]})]


def credentials_in(arrays: Sequence[NDArray[Any]]) -> Credentials:
    """What arrays of ``reported`` tell: JSON in uint8 (count,). Raises PartLost."""
    try:
        told = json.loads(arrays[0].tobytes())
        if "failed" in told:
            return Credentials("", False, False, (plain_text(told["failed"]),), "", (), ())
        active = told["manifests"][told["active_manifest"]]
        state = told.get("validation_state")
        faults = [x["code"] for x in told.get("validation_status", ())]
        who = active.get("signature_info") or {}
        names = dict.fromkeys(str(who[x]) for x in ("common_name", "issuer") if who.get(x))
        programs = active.get("claim_generator_info") or [{}]
        program = f"{programs[0].get('name', '')} {programs[0].get('version', '')}"
        return Credentials(
            plain_text(", ".join(names)),
            state in ("Valid", "Trusted"),
            state == "Trusted",
            tuple(plain_text(str(x)) for x in faults if x != "signingCredential.untrusted"),
            plain_text(program).strip(),
            tuple(_actions_told(active)),
            tuple(
                plain_text(str(x.get("title", "")))
                + (" (with a manifest of its own)" if x.get("active_manifest") else "")
                for x in active.get("ingredients", ())
            ),
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise PartLost("what reads it sent an answer that makes no sense") from fault


def _actions_told(manifest: Mapping[str, Any]) -> Iterator[str]:
    for assertion in manifest.get("assertions", ()):
        if not str(assertion.get("label")).startswith("c2pa.actions"):
            continue
        for action in assertion["data"]["actions"]:
            told = action.get("parameters") or {}
            what = action.get("description") or told.get("com.safelight.step") or ""
            networks = told.get("com.safelight.networks") or {}
            words = [str(action["action"]), str(what)]
            words += [f"network {name} sha256:{networks[name]}" for name in sorted(networks)]
            yield plain_text("; ".join(filter(None, words)))


def _split(asked: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = _LENGTH.unpack_from(asked)
    end = _LENGTH.size + length
    return json.loads(asked[_LENGTH.size : end]), asked[end:]


def _json(facts: Mapping[str, Any]) -> NDArray[Any]:
    return np.frombuffer(json.dumps(facts).encode(), np.uint8)


def _context(vouching: str = "") -> Any:
    """The library's settings; ``vouching`` are certificates of those who may vouch, as PEM."""
    import c2pa

    trust = {"trust": {"trust_anchors": vouching}} if vouching else {}
    return c2pa.Context.from_dict({**_SETTINGS, **trust})
