"""An OpenID provider on this machine: its configuration and its keys over HTTP, and tokens that it signs."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "backtest-graph"
_KINDS: dict[str, Any] = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm, "Ed": OKPAlgorithm}


def new_key(algorithm: str) -> Any:
    if algorithm.startswith("ES"):
        return ec.generate_private_key(ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa.generate_private_key(65537, 2048)


def public_text(key: Any) -> bytes:
    """Return a public key as PEM."""
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text


class Provider:
    """Serves the public parts of its keys while it is entered; asked counts the requests by path."""

    def __init__(self, **algorithms: str) -> None:
        self.keys = {kid: (algorithm, new_key(algorithm)) for kid, algorithm in algorithms.items()}
        self.asked: list[str] = []
        self.is_broken = False
        self.configuration: dict[str, Any] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def jwks(self) -> dict[str, Any]:
        """Return the keys as they are published, among some that are of no use for signatures."""
        listed = [
            {**_KINDS[algorithm[:2]].to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
            for kid, (algorithm, key) in self.keys.items()
        ]
        shared = {"kty": "oct", "kid": "shared", "k": base64.urlsafe_b64encode(b"x" * 32).decode()}
        unreadable = {"kty": "EC", "crv": "P-999", "kid": "curve", "use": "sig", "x": "AA", "y": "AA"}
        agreement = {"kty": "OKP", "crv": "X25519", "kid": "agreement", "x": shared["k"]}
        return {"keys": [unreadable, agreement, *listed, shared, {"kty": "unknown", "kid": "odd"}]}

    def sign(self, kid: str, *, without: tuple[str, ...] = (), **claims: Any) -> str:
        """Return a token that is good for a minute, with these claims."""
        algorithm, key = self.keys[kid]
        return jwt.encode(self.claims(without=without, **claims), key, algorithm, headers={"kid": kid})

    def claims(self, *, without: tuple[str, ...] = (), **claims: Any) -> dict[str, Any]:
        usual = {"iss": self.issuer, "aud": AUDIENCE, "exp": int(time.time()) + 60, "sub": "ada", "scope": "read write"}
        return {name: value for name, value in (usual | claims).items() if name not in without}

    def _handler(self) -> Any:
        provider = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                usual = {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/keys"}
                pages = {
                    "/.well-known/openid-configuration": usual | provider.configuration,
                    "/keys": provider.jwks(),
                }
                self.send_response(503 if provider.is_broken else 200)
                self.end_headers()
                self.wfile.write(json.dumps(pages[self.path]).encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Answering
