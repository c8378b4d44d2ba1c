"""The app's own key in KMS: imported as docs/github.md says, and asked to sign (REQ-G9)."""

from __future__ import annotations

import base64
import os
from typing import Any

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ministack.core.responses import request_scope
from ministack.services import kms

from pipelines.deployment_rule.app import by_kms, token
from tests.unit.tracking.local import HOME, REGION, answered

from .asked import NOW

OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def sent(request: Any, **_kwargs: Any) -> AWSResponse:
    """Let the local AWS' own handlers answer, in this process."""
    target = request.headers["X-Amz-Target"]
    headers = {"x-amz-target": target.decode() if isinstance(target, bytes) else target}
    with request_scope(HOME, REGION):
        coroutine = kms.handle_request("POST", "/", headers, request.body, {})
        try:
            coroutine.send(None)
        except StopIteration as ended:
            status, _headers, answer = ended.value
    return answered(request, status, answer if isinstance(answer, bytes) else answer.encode())


@pytest.fixture
def client() -> Any:
    config = Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
    found = boto3.client("kms", region_name=REGION, config=config)
    found.meta.events.register("before-send.kms", sent)  # type: ignore[arg-type]
    return found


def wrapped(key: rsa.RSAPrivateKey, public: bytes) -> bytes:
    """Return a key as PKCS #8, wrapped as RSA_AES_KEY_WRAP_SHA_256 has it."""
    wrapping: Any = serialization.load_der_public_key(public)
    content = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    once = os.urandom(32)
    return bytes(wrapping.encrypt(once, OAEP)) + keywrap.aes_key_wrap_with_padding(once, content)


def import_into(client: Any, key_id: str) -> rsa.RSAPrivateKey:
    """Import a new key of GitHub's kind into one that waits for it, and return it."""
    parameters = client.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSA_AES_KEY_WRAP_SHA_256", WrappingKeySpec="RSA_4096"
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client.import_key_material(
        KeyId=key_id,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrapped(key, parameters["PublicKey"]),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )
    return key


def test_a_key_of_githubs_kind_is_imported_and_signs(client: Any) -> None:
    """GitHub verifies by the public half that it kept: so does this, by the key that was imported."""
    made = client.create_key(Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    with pytest.raises(ClientError):
        by_kms(client, made["Arn"])(b"before the import")
    key = import_into(client, made["KeyId"])
    head, claims, signature = token(302, by_kms(client, made["Arn"]), NOW).split(".")
    found = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(found, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
