"""The sandbox's own process: ministack with the extension, on one loopback port.

`python -m sandbox.server --directory DIR` serves until SIGTERM or SIGINT, then saves its state. Start it
through `sandbox.process`, which knows when it is ready and how to stop it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import accounts
from sandbox.place import HOST, Place, Record

PARENT_CHECK_SECONDS = 0.5
BACKLOG = 256
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")


def environment(place: Place, port: int, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of the server and of the functions that it runs.

    Nothing of the user's AWS configuration gets in: a function sees its own account and this endpoint only.
    """
    kept = {name: inherited[name] for name in _INHERITED if name in inherited}
    return kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": accounts.OPERATOR,
        "MINISTACK_REGION": accounts.OPERATOR_REGION,
        "AWS_ACCESS_KEY_ID": accounts.OPERATOR,
        "AWS_SECRET_ACCESS_KEY": accounts.SECRET,
        "AUTH": "true",  # signatures, policies, boundaries and trust are evaluated
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "DOCKER_HOST": f"unix://{place.directory}/no-docker",  # it would remove containers of other ministacks
        "IOT_MTLS_ENABLED": "0",  # a second port that nobody here needs
        "SFTP_ENABLED": "0",  # the same
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",  # a minute on AWS
        "PERSIST_STATE": "1",
        "STATE_DIR": str(place.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(place.state / "s3"),
        "TMPDIR": str(place.temporary),
        "LOG_LEVEL": inherited.get("LOCKSTEP_SANDBOX_LOG_LEVEL", "INFO"),
        "PYTHONUNBUFFERED": "1",
    }


def listen(port: int) -> socket.socket:
    """Return a listening socket on loopback; port 0 takes a free one. OSError when the port is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _end_with(pid: int) -> None:
    """End this process, in order, when another one is gone."""

    def watch() -> None:
        while True:
            time.sleep(PARENT_CHECK_SECONDS)
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                os.kill(os.getpid(), 15)
                return
            except PermissionError:
                continue

    threading.Thread(target=watch, daemon=True, name="lockstep-lifeline").start()


def _drop_half_a_state(place: Place) -> None:
    """Begin with the state that the last run saved; with none when it was cut off, since half of it would lie."""
    if place.was_cut_off():
        shutil.rmtree(place.state)
        place.state.mkdir()


def _application(record: Record) -> Any:
    """Return the ASGI application, built in the environment that is set by now."""
    from sandbox import application

    return application.build(record)


def serve(place: Place, port: int, lifeline: int | None) -> None:
    """Serve until a signal; OSError when the port is in use."""
    from hypercorn.asyncio import serve as run
    from hypercorn.config import Config

    listener = listen(port)
    place.prepare()
    record = Record(pid=os.getpid(), port=listener.getsockname()[1], token=secrets.token_hex(16))
    settings = environment(place, record.port, os.environ)
    os.environ.clear()
    os.environ.update(settings)
    if lifeline is not None:
        _end_with(lifeline)
    _drop_half_a_state(place)
    built = _application(record)
    place.begin()  # from here on: a server that cannot be built leaves the saved state as it is
    place.write(record)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.backlog = BACKLOG
    config.graceful_timeout = 0.3  # functions keep idle connections open, and nobody waits for those
    asyncio.run(run(built, config))
    place.marker.touch()
    # Nothing is left to do, and the interpreter would wait seconds for threads and functions that nobody needs; what
    # is left of the process group ends with its pipes, or by `process.stop`.
    logging.shutdown()
    os._exit(0)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("--directory", required=True, help="where state, logs and the pid file are")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--lifeline", type=int, help="end when the process with this id is gone")
    options = parser.parse_args()
    logging.captureWarnings(True)
    serve(Place.of(Path(options.directory)), options.port, options.lifeline)


if __name__ == "__main__":
    main()
