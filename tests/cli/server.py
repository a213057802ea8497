"""pmctl without its start-up, for tests that type hundreds of commands: a process that forks one that is ready.

    python -m tests.cli.server SOCKET          loads pmctl once, then serves
    python -I -S server.py call SOCKET WORD... runs `pmctl WORD...` in a fork of it, as if started here

The fork gets the caller's standard streams, folder and environment, so it differs from a fresh process only in what is
loaded already. Tests of signals, terminals, limits and loaded modules start real processes.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import sys


def call(address: str, words: list[str]) -> int:
    """The exit code of `pmctl` with these words, run by the server."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = json.dumps({"words": words, "cwd": os.getcwd(), "env": dict(os.environ)}).encode()  # noqa: PTH109
        streams = array.array("i", [0, 1, 2])
        connection.sendmsg([len(request).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        connection.sendall(request)
        answer = connection.recv(1)
    return answer[0] if answer else 1


def serve(address: str) -> None:
    """Load what commands need, then answer until killed."""
    _load()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(16)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(connection)
            connection.close()


def _load() -> None:
    import importlib
    from pathlib import Path

    import pmctl

    package = Path(pmctl.__file__).parent
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        if parts[-1] not in ("__main__", "__init__") and "lsp" not in parts:
            importlib.import_module(".".join(("pmctl", *parts)))
    importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")


def _answer(connection: socket.socket) -> None:
    """Be the command: never returns."""
    size, descriptors = b"", array.array("i")
    size, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_LEN(3 * descriptors.itemsize))
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += connection.recv(1 << 16)
    wanted = json.loads(request)
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    sys.argv = ["pmctl", *wanted["words"]]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    code = 1
    try:
        from pmctl.cli import main

        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                continue  # the reader has gone
        connection.sendall(bytes([code & 255]))
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "call":
        sys.exit(call(sys.argv[2], sys.argv[3:]))
    serve(sys.argv[1])
