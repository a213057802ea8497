"""Signatures verified ahead of the judgement, in a second process. (record, signature) pairs -> sshsig's verdicts.

Verifying is a pure function of the record's and the signature's bytes and takes the larger part of a long audit's
arithmetic, so another core does it while this one goes on. The child runs the same `sshsig.verify` from the same
files; whatever it does not answer (it cannot start, it dies, the pair was never sent) is verified here, and
what it answers is held against nothing but the very bytes that were sent. Which key may sign for whom is
decided elsewhere, from the policy.

Protocol, after the child's greeting: a batch is the number of its pairs, then for each the two lengths and the two
byte strings; its answer is a length and a JSON list of [key, fingerprint], [code, message, hint] or null.
Numbers have four bytes, most significant first.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from pmctl import __version__
from pmctl.errors import read_hint
from pmctl.ledger import sshsig
from pmctl.ledger.record import LARGEST, NAMESPACE
from pmctl.ledger.sshsig import SignatureProblem, VerifiedSignature

if TYPE_CHECKING:
    from queue import SimpleQueue  # the child only needs it

    from pmctl.ledger.openpgp import Keyrings

WORTH_IT = 400
"""Steps from which on the start of a second process pays; a step brings about one signature."""

_PATIENCE = 30.0  # seconds without any answer, after which the work is done here
_LARGEST_ANSWER = 64 * 1024 * 1024
_GREETING = f"pmctl {__version__}\n".encode()
_START = "import sys; sys.path[:] = sys.argv[1:]; from pmctl.ledger.verifying import serve; serve()"

Pair = tuple[bytes, bytes]
"""A record and its signature."""


class Verifications:
    """Verdicts on signatures; a context manager around the second process, when there is one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._sent: deque[list[Pair]] = deque()
        self._answers: dict[Pair, VerifiedSignature | SignatureProblem] = {}
        self._greeted = False
        self._keyrings: Keyrings | None = None

    def __enter__(self) -> Verifications:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._keyrings is not None:
            self._keyrings.__exit__()

    def start(self) -> None:
        """Start the second process where there is a core for it; without one everything is done here."""
        if self._process is not None or _cores() < 2 or not sys.executable or getattr(sys, "frozen", False):
            return
        paths = [path for path in sys.path if isinstance(path, str) and path]
        with suppress(OSError, ValueError):
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )

    @property
    def keyrings(self) -> Keyrings:
        """The OpenPGP keyrings of this audit."""
        if self._keyrings is None:
            from pmctl.ledger.openpgp import Keyrings

            self._keyrings = Keyrings()
        return self._keyrings

    def close(self) -> None:
        """End the second process; what it has not answered is verified here from now on."""
        process, self._process = self._process, None
        self._sent.clear()
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # a broken pipe: the process has ended already
                    stream.close()
        process.wait()

    @property
    def running(self) -> bool:
        """Whether pairs given ahead are worked on elsewhere."""
        return self._process is not None

    def ahead(self, pairs: Sequence[Pair]) -> None:
        """Have pairs verified that will be asked for soon."""
        self._answers.clear()
        batch = [pair for pair in pairs if len(pair[0]) <= LARGEST and _is_ssh(pair[1])]
        if self._process is None or self._process.stdin is None or not batch:
            return
        parts = [_number(len(batch))]
        for data, signature in batch:
            parts += (_number(len(data)), _number(len(signature)), data, signature)
        try:
            self._process.stdin.write(b"".join(parts))
            self._process.stdin.flush()
        except (OSError, ValueError):
            self.close()
            return
        self._sent.append(batch)

    def verify(self, armored: bytes, message: bytes, namespace: str) -> VerifiedSignature:
        """The same as `sshsig.verify`, taken from the second process where it has been asked."""
        if namespace == NAMESPACE:
            pair = (message, armored)
            while pair not in self._answers and any(pair in batch for batch in self._sent):
                self._take()
            found = self._answers.pop(pair, None)
            if isinstance(found, SignatureProblem):
                raise found
            if found is not None:
                return found
        return sshsig.verify(armored, message, namespace)

    def _take(self) -> None:
        """Read the answer to the oldest batch; gives up on the process when it is not what it should be."""
        batch = self._sent.popleft()
        try:
            if not self._greeted:
                self._greeted = self._read(len(_GREETING)) == _GREETING
                if not self._greeted:
                    raise ValueError("another pmctl answers")
            size = int.from_bytes(self._read(4), "big")
            if size > _LARGEST_ANSWER:
                raise ValueError("an answer of this size was never asked for")
            answers = json.loads(self._read(size))
            for pair, answer in zip(batch, answers, strict=True):
                if answer is not None:
                    self._answers[pair] = _verdict(answer)
        except (OSError, ValueError, TypeError):
            self.close()

    def _read(self, size: int) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise ValueError("it has ended")
        file = self._process.stdout.fileno()
        found = bytearray()
        while len(found) < size:
            if not select.select([file], [], [], _PATIENCE)[0]:
                raise ValueError("no answer")
            part = os.read(file, size - len(found))
            if not part:
                raise ValueError("it has ended")
            found += part
        return bytes(found)


def serve() -> None:
    """The second process: answer batches from standard input until it ends."""
    from queue import SimpleQueue
    from threading import Thread

    batches: SimpleQueue[list[Pair] | None] = SimpleQueue()
    # Read in a thread of its own: the other side may go on writing while an answer waits to be taken.
    Thread(target=_receive, args=(sys.stdin.buffer, batches), daemon=True).start()
    out = sys.stdout.buffer
    out.write(_GREETING)
    while (batch := batches.get()) is not None:
        answer = json.dumps([_answer(*pair) for pair in batch]).encode("ascii")
        out.write(_number(len(answer)) + answer)
        out.flush()


def _receive(source: IO[bytes], batches: SimpleQueue[list[Pair] | None]) -> None:
    while len(head := source.read(4)) == 4:
        batch = []
        for _ in range(int.from_bytes(head, "big")):
            lengths = source.read(8)
            data = source.read(int.from_bytes(lengths[:4], "big"))
            batch.append((data, source.read(int.from_bytes(lengths[4:], "big"))))
        batches.put(batch)
    batches.put(None)


def _answer(data: bytes, signature: bytes) -> list[object] | None:
    try:
        verified = sshsig.verify(signature, data, NAMESPACE)
    except SignatureProblem as problem:
        return [problem.code, problem.message, problem.hint]
    except Exception:  # the process that asked does it again, and reports it where it belongs
        return None
    return [verified.key, verified.fingerprint]


def _verdict(answer: object) -> VerifiedSignature | SignatureProblem:
    if not isinstance(answer, list) or not all(isinstance(part, str) for part in answer[:2]):
        raise TypeError("not an answer")
    if len(answer) == 2:
        return VerifiedSignature(*answer)
    code, message, hint = answer
    return SignatureProblem(code, message, hint=read_hint(hint))


def _is_ssh(signature: bytes) -> bool:
    return len(signature) <= sshsig.LARGEST and signature.startswith(sshsig.BEGIN)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
