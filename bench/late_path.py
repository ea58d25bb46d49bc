"""Two network namespaces with a path between them on which every packet is late."""

import collections
import fcntl
import os
import select
import struct
import subprocess
import threading
import time
from pathlib import Path

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MTU = 1500
TCP, SYN, SYN_OR_ACK = 6, 0x02, 0x12


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def tun(name, namespace):
    """A tun device that is moved into a namespace; what is read and written here stays attached."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    run("ip", "link", "set", name, "netns", namespace)
    return device


class LatePath:
    """`client` and `broker`: 10.99.1.1, and 10.99.2.1 to 10.99.2.N and 10.99.2.253 for DNS; packets take `late_s` each way."""

    def __init__(self, brokers, late_s):
        self.brokers, self.late_s = brokers, late_s
        self.client, self.broker = f"mskd-late-{os.getpid()}-c", f"mskd-late-{os.getpid()}-b"
        self.connections = collections.Counter()
        self.ended = threading.Event()

    def __enter__(self):
        try:
            for namespace in (self.client, self.broker):
                run("ip", "netns", "add", namespace)
                run("ip", "-n", namespace, "link", "set", "lo", "up")
            devices = tun("late0", self.client), tun("late1", self.broker)
            addresses = [f"10.99.2.{i}/32" for i in range(1, self.brokers + 1)] + ["10.99.2.253/32"]
            self.up(self.client, "late0", ["10.99.1.1/32"])
            self.up(self.broker, "late1", addresses)
            etc = Path("/etc/netns") / self.client
            etc.mkdir(parents=True)
            (etc / "resolv.conf").write_text("nameserver 10.99.2.253\n")
            (etc / "hosts").write_text("127.0.0.1 localhost\n")
            self.forwarder = threading.Thread(target=self.forward, args=devices)
            self.forwarder.start()
        except BaseException:
            self.clean()
            raise
        return self

    def up(self, namespace, device, addresses):
        for address in addresses:
            run("ip", "-n", namespace, "address", "add", address, "dev", device)
        run("ip", "-n", namespace, "link", "set", device, "mtu", MTU, "up")
        run("ip", "-n", namespace, "route", "add", "default", "dev", device)

    def __exit__(self, *_):
        self.ended.set()
        self.forwarder.join()
        self.clean()

    def clean(self):
        for namespace in (self.client, self.broker):
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)
        etc = Path("/etc/netns") / self.client
        for file in etc.glob("*"):
            file.unlink()
        if etc.exists():
            etc.rmdir()

    def inside(self, namespace, *command):
        return ["ip", "netns", "exec", namespace, *map(str, command)]

    def forward(self, client, broker):
        """Holds each packet for `late_s`, in order."""
        queue = collections.deque()
        other = {client: broker, broker: client}
        while not self.ended.is_set():
            wait = max(0.0, queue[0][0] - time.monotonic()) if queue else 0.05
            for device in select.select([client, broker], [], [], wait)[0]:
                while packet := self.read(device):
                    queue.append((time.monotonic() + self.late_s, other[device], packet))
            while queue and queue[0][0] <= time.monotonic():
                _, device, packet = queue.popleft()
                os.write(device, packet)
        os.close(client)
        os.close(broker)

    def read(self, device):
        try:
            packet = os.read(device, MTU + 4)
        except BlockingIOError:
            return None
        head = (packet[0] & 15) * 4
        if packet[0] >> 4 == 4 and packet[9] == TCP and packet[head + 13] & SYN_OR_ACK == SYN:
            self.connections[packet[16:20]] += 1
        return packet
