"""The key pair of the emulated Telnyx: an account with this public key can be called by the emulator, and by nobody else."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SEED = hashlib.sha256(b"Pareto's emulated carrier: everybody knows this key.").digest()
PRIVATE_KEY = base64.b64encode(_SEED).decode()
PUBLIC_KEY = base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(_SEED).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
).decode()
