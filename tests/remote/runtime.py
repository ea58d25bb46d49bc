"""Lambda's Runtime API (version 2018-06-01) and an execution environment: a process that is frozen between invocations."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:"


class Environment:
    """One execution environment of a function. `zip` is not unpacked here: `program` is its bootstrap. In another network,
    `command` starts it there, and what is made while `entered` is of that network."""

    def __init__(self, program, name="doctor", memory=128, more=None, freeze=True, command=(), entered=contextlib.nullcontext):
        self.name, self.freeze = name, freeze
        self.events, self.answers = queue.Queue(), queue.Queue()
        self.waiting = threading.Event()
        self.failed = None
        environment = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def say(self, status, body=b"", headers=()):
                self.send_response(status)
                for header, value in headers:
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(body)

            def do_GET(self):
                assert self.path == "/2018-06-01/runtime/invocation/next", self.path
                environment.waiting.set()
                event = environment.events.get()
                if event is None:
                    return
                environment.waiting.clear()
                headers = [
                    ("Content-Type", "application/json"),
                    ("Lambda-Runtime-Aws-Request-Id", event["id"]),
                    ("Lambda-Runtime-Deadline-Ms", str(event["deadline"])),
                    ("Lambda-Runtime-Invoked-Function-Arn", event["arn"]),
                    ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
                ]
                self.say(200, event["payload"], headers)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b"".join(self.chunks())
                parts = self.path.split("/")
                if self.path == "/2018-06-01/runtime/init/error":
                    environment.failed = json.loads(body)
                else:
                    environment.answers.put((parts[-2], parts[-1], body, time.monotonic()))
                self.say(202)

            def chunks(self):
                while size := int(self.rfile.readline(), 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        with entered():
            self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        env = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023",
            "AWS_REGION": "eu-west-1",
            "LAMBDA_TASK_ROOT": "/var/task",
            "_HANDLER": "bootstrap",
        } | (more or {})
        self.began = time.monotonic()
        self.process = subprocess.Popen([*command, program], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.log.append(line)

    def freezes(self, how):
        if self.freeze and self.process.poll() is None:
            self.process.send_signal(how)

    def invoke(self, event, timeout=30.0, deadline=None, arn=None):
        """Kind (`response`, `error` or `timeout`) and payload of an invocation, as Lambda ends it."""
        identity = str(uuid.uuid4())
        end = deadline if deadline is not None else int((time.time() + timeout) * 1000)
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.events.put({"id": identity, "deadline": end, "arn": arn or ARN + self.name, "payload": payload})
        self.freezes(signal.SIGCONT)
        started = time.monotonic()
        try:
            of, kind, body, answered = self.answers.get(timeout=timeout)
        except queue.Empty:
            self.process.kill()
            return "timeout", {"errorMessage": f"Task timed out after {timeout:.2f} seconds"}
        assert of == identity
        self.answered, self.took = answered, answered - started
        # It asks for the next one, and is frozen while it waits.
        assert self.waiting.wait(10)
        self.freezes(signal.SIGSTOP)
        return kind, json.loads(body)

    def peak(self):
        """The most memory that it had, MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def close(self):
        self.freezes(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
