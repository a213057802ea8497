"""Measure the server: how much it answers, how long the slowest take, and how many writes two of them land.

    python tests/benchmarks/serving.py [--count N] [--seconds S]

Two servers over one bare repository on loopback. Reading: 16 connections from a process of their own. Writing: 8
writers, each with an idempotency key for every request and every fifth sent twice. Prints the machine's load, what a
reference command takes, and what was found; nothing may be lost or doubled, and the audit passes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from generate import git, write_postmortems

from pmctl.workflow.demo import NOW, Stage, become

CONNECTIONS = 16
WRITERS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--ask", nargs=4, metavar=("PORT", "PATH", "TOKEN", "SECONDS"))
    given = parser.parse_args()
    if given.ask:
        port, path, token, seconds = given.ask
        print(json.dumps(asyncio.run(_asked(int(port), path, token, float(seconds)))))
        return
    with tempfile.TemporaryDirectory(prefix="pmctl-serving-") as place:
        _measure(Path(place), given.count, given.seconds)


def _measure(place: Path, count: int, seconds: float) -> None:
    stage = Stage(place, os.environ)
    stage.set_up()
    environment = stage.environment | {"PMCTL_NOW": NOW}
    pmctl = [sys.executable, "-m", "pmctl"]

    def run(*words: str, cwd: Path = stage.repository) -> str:
        return subprocess.run(words, cwd=cwd, env=environment, check=True, capture_output=True, text=True).stdout

    become(stage, "alice")
    run(*pmctl, "init", "--handle", "alice")
    names = write_postmortems(stage.repository, count)
    git(stage.repository, "add", "-A")
    run("git", "commit", "-qm", "Generated")
    origin = place / "origin.git"
    run("git", "clone", "-q", "--bare", ".", str(origin))
    run("git", "remote", "add", "origin", str(origin))
    run("git", "fetch", "-q")
    run("git", "branch", "-q", "--set-upstream-to=origin/main")
    token = run(*pmctl, "serve", "token", "create", "--scope", "write").strip()
    servers = [_serve(place / f"served{number}", origin, environment) for number in (1, 2)]
    try:
        (one, first), (two, _) = servers
        began = time.perf_counter()
        run(*pmctl, "--version")
        print(
            f"load {os.getloadavg()[0]:.1f}, `pmctl --version` {time.perf_counter() - began:.2f} s, {count} postmortems"
        )
        for what, path in (("list of 50", "/api/postmortems"), ("one", f"/api/postmortems/{names[-1]}")):
            words = [sys.executable, __file__, "--ask", str(one), path, token, str(seconds)]
            found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
            print(f"GET {what}: {found['rate']:.0f} requests/s, p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms")
        written, took = _write((one, two), names[-1], token, seconds)
        print(f"POST items: {len(written) / took:.1f}/s by {WRITERS} writers over two servers, {len(written)} written")
        peak = _peak(first.pid)
        print(f"memory of a server at its peak: {peak:.0f} MB")
        run("git", "pull", "-q", "--rebase")
        listed = json.loads(run(*pmctl, "actions", "list", "--postmortem", names[-1], "--json", "id,description"))
        steps = [one["id"] for one in listed if one["description"].startswith("Written ")]
        print(f"lost {len(set(written) - set(steps))}, doubled {len(steps) - len(set(written))}")
        print(f"audit: {run(*pmctl, 'audit').strip().splitlines()[-1]}")
    finally:
        for _, process in servers:
            process.terminate()
            process.wait(30)


def _serve(clone: Path, origin: Path, environment: dict[str, str]) -> tuple[int, subprocess.Popen[bytes]]:
    subprocess.run(["git", "clone", "-q", str(origin), str(clone)], env=environment, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "pmctl", "serve", "--port", str(port), "--rate", "100000"]
    process = subprocess.Popen(words, cwd=clone, env=environment, stderr=subprocess.DEVNULL)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return port, process
        except OSError:
            time.sleep(0.05)


async def _asked(port: int, path: str, token: str, seconds: float) -> dict[str, float]:
    """Ask over and over on each connection; a second of it does not count."""
    took: list[float] = []
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    begin = time.perf_counter() + 1

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (now := time.perf_counter()) < begin + seconds:
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(answer.decode())
            length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            if now >= begin:
                took.append((time.perf_counter() - now) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    took.sort()
    return {"rate": len(took) / seconds, "p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)]}


def _write(ports: tuple[int, int], name: str, token: str, seconds: float) -> tuple[list[str], float]:
    written: list[str] = []
    lock = threading.Lock()
    began = time.perf_counter()

    def writer(number: int) -> None:
        step = 0
        while time.perf_counter() - began < seconds:
            step += 1
            body = {
                "description": f"Written {number}.{step}",
                "ownerId": "alice",
                "priority": "LOW",
                "dueDate": "2024-03-01",
            }
            for _ in range(2 if step % 5 == 0 else 1):
                connection = HTTPConnection("127.0.0.1", ports[(number + step) % 2], timeout=60)
                headers = {
                    "Authorization": f"Bearer {token}", "Content-Type": "application/json",
                    "Idempotency-Key": f"{number}.{step}",
                }  # fmt: skip
                connection.request("POST", f"/api/postmortems/{name}/action-items", json.dumps(body), headers)
                answer = connection.getresponse()
                found = json.loads(answer.read())
                connection.close()
                if answer.status not in (200, 201):
                    print(found)
                    return
            with lock:
                written.append(found["id"])

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(WRITERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return written, time.perf_counter() - began


def _peak(pid: int) -> float:
    """The most memory that a process has held, in MB; what the system tells of this one where it tells of no other."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
