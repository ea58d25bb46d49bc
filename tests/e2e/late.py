"""A longer way to the brokers: relays in the cluster's namespace that pass everything on after a delay."""

import asyncio
import contextlib
import queue
import threading

from cluster import DOMAIN
from doctor import PATIENCE_S
from network import entered


async def pass_on(reader, writer, delay_s):
    """In order, each piece after the delay; the end too."""
    loop = asyncio.get_running_loop()
    due = asyncio.Queue()

    async def write():
        while True:
            at, piece = await due.get()
            await asyncio.sleep(at - loop.time())
            if not piece:
                return writer.close()
            writer.write(piece)

    writing = asyncio.create_task(write())
    piece = b"?"
    while piece:
        try:
            piece = await reader.read(65536)
        except ConnectionError:
            piece = b""
        due.put_nowait((loop.time() + delay_s, piece))
    await writing


async def relay(reader, writer, broker, delay_s):
    there = await asyncio.open_connection(*broker)
    await asyncio.gather(pass_on(reader, there[1], delay_s), pass_on(there[0], writer, delay_s))


async def serve(addresses, delay_s, started):
    for here, broker in addresses:
        await asyncio.start_server(lambda r, w, broker=broker: relay(r, w, broker, delay_s), *here)
    stop = asyncio.Event()
    started.put((asyncio.get_running_loop(), stop))
    await stop.wait()


@contextlib.contextmanager
def late(cluster, port, delay_s):
    """Gives the `--resolve` that lead to the brokers' port by relays: each direction takes `delay_s` longer."""
    addresses = [((f"127.0.2.{i}", port), (f"127.0.1.{i}", port)) for i in cluster.ids]
    started = queue.Queue()

    def run():
        with entered(cluster):
            asyncio.run(serve(addresses, delay_s, started))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    loop, stop = started.get(timeout=PATIENCE_S)
    try:
        yield [word for i in cluster.ids for word in ("--resolve", f"b-{i}.{DOMAIN}:{port}:127.0.2.{i}")]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
