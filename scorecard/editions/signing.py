"""The Ed25519 key that signs editions: from the setting, or a file of the data folder made on first use."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def key() -> Ed25519PrivateKey:
    seed = settings.SIGNING_KEY or _from_file(Path(settings.DATA_FOLDER) / "editions" / "signing-key")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", seed):
        raise ImproperlyConfigured(
            "SIGNING_KEY: 64 hexadecimal digits, for instance of `openssl rand -hex 32`."
        )
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def public(private: Ed25519PrivateKey) -> str:
    """The public key, hexadecimal."""
    return private.public_key().public_bytes_raw().hex()


def pem(private: Ed25519PrivateKey) -> str:
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _from_file(path: Path) -> str:
    """The seed in the file; a new one, readable by its owner alone, where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start at once, one makes the key and both read the same.
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(os.urandom(32).hex())
    except FileExistsError:
        pass
    return path.read_text().strip()
