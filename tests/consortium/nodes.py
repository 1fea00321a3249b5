"""Two real nodes on loopback, each with a database, keys and an address of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from flask import Flask
from werkzeug.serving import make_server

from consortium.kernel.outbox.relay import relay_news
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.principal import SYSTEM
from consortium.services import links, peers

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class Node:
    """A running node."""

    name: str
    app: Flask
    issuer: str

    def settle(self) -> None:
        """Number and hand on everything that was committed."""
        with self.app.app_context():
            while number_committed() or relay_news():
                pass

    def pull(self, name: str) -> list[links.Pulled]:
        """Pull the feed of a peer to its end, then settle."""
        with self.app.app_context():
            pulled = links.pull_link(name)
        self.settle()
        return pulled


def free_port() -> int:
    """A port on loopback that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


@contextmanager
def serving(app: Flask, port: int) -> Iterator[None]:
    """Serve an application on loopback inside the block."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def acquaint(one: Node, other: Node) -> None:
    """Let two nodes add each other."""
    for node, peer in ((one, other), (other, one)):
        with node.app.app_context():
            peers.add_peer(SYSTEM, name=peer.name, issuer=peer.issuer)
