"""Lambda's API: moto, and in front of it what moto cannot do: invocations run the real package, and calls fail or take time."""

import base64
import contextlib
import http.client
import io
import json
import os
import stat
import subprocess
import threading
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from moto.server import ThreadedMotoServer

from runtime import Environment

ROLE = "arn:aws:iam::123456789012:role/orders"


def operation(method, path):
    parts = [urllib.parse.unquote(part) for part in urllib.parse.urlsplit(path).path.strip("/").split("/")]
    if parts[1] == "tags":
        return "ListTags", parts[2]
    if len(parts) < 3:
        return ("CreateFunction" if method == "POST" else "ListFunctions"), None
    last = {"configuration": "GetFunctionConfiguration", "invocations": "Invoke"}.get(parts[-1])
    return last or {"DELETE": "DeleteFunction", "GET": "GetFunction"}[method], parts[2]


def packaged(doctor, folder):
    """The deployment package of a build, without what only debuggers read."""
    subprocess.run(["strip", "-o", folder / "msk-doctor", doctor], check=True)
    made = subprocess.run(
        [doctor, "remote", "package", folder / "doctor.zip", "--binary", folder / "msk-doctor"],
        capture_output=True, text=True, check=True,
    )
    assert "provided.al2023" in made.stdout
    return folder / "doctor.zip"


def trusted(cloud):
    """The role, which Lambda may assume."""
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    cloud.api("iam").create_role(RoleName="orders", AssumeRolePolicyDocument=json.dumps(trust))
    return cloud


def error(status, code, message):
    return status, {"x-amzn-ErrorType": code}, json.dumps({"Type": "User", "Message": message}).encode()


class Cloud:
    def __init__(self, folder, command=(), entered=contextlib.nullcontext):
        self.folder = folder
        self.network = {"command": command, "entered": entered}
        self.moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.moto.start()
        self.moto_port = self.moto.get_host_and_port()[1]
        self.reset()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, out = cloud.answer(self.command, self.path, dict(self.headers), body)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(out)))
                    self.end_headers()
                    self.wfile.write(out)

            do_GET = do_POST = do_DELETE = do_PUT = answer

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        with entered():
            self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        # What is done, and what answers instead: a list for each operation, one for each call.
        self.asked, self.instead, self.before = [], {}, {}
        self.created, self.credentials = {}, {}

    def api(self, service="lambda"):
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.moto_port}",
            region_name="eu-west-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret",
        )

    def names(self):
        return sorted(one["FunctionName"] for one in self.api().list_functions()["Functions"])

    def answer(self, method, path, headers, body):
        name, function = operation(method, path)
        self.asked.append((name, function))
        if self.before.get(name):
            self.before[name].pop(0)()
        if self.instead.get(name):
            given = self.instead[name].pop(0)
            if given is not None:
                return given(json.loads(body) if body else None)
        if name == "Invoke":
            return self.invoke(function, body)
        answer = self.forward(method, path, headers, body)
        if name == "CreateFunction" and answer[0] < 300:
            asked = json.loads(body)
            self.created[asked["FunctionName"]] = asked
        return answer

    def forward(self, method, path, headers, body):
        moto = http.client.HTTPConnection("127.0.0.1", self.moto_port)
        moto.request(method, path, body, {k: v for k, v in headers.items() if k.lower() != "host"})
        response = moto.getresponse()
        kept = {k: v for k, v in response.headers.items() if k.lower() in ("content-type", "x-amzn-errortype")}
        return response.status, kept, response.read()

    def invoke(self, function, body):
        """Starts the package's bootstrap, as Lambda does, and invokes it once."""
        asked = self.created[function]
        program = self.folder / function / "bootstrap"
        if not program.exists():
            program.parent.mkdir()
            with zipfile.ZipFile(io.BytesIO(base64.b64decode(asked["Code"]["ZipFile"]))) as package:
                assert package.namelist() == ["bootstrap"]
                assert stat.S_IMODE(package.infolist()[0].external_attr >> 16) == 0o755
                package.extract("bootstrap", program.parent)
            os.chmod(program, 0o755)
        with Environment(str(program), function, asked["MemorySize"], self.credentials, **self.network) as environment:
            kind, payload = environment.invoke(json.loads(body), float(asked["Timeout"]))
            self.peak = environment.peak()
        failed = {} if kind == "response" else {"X-Amz-Function-Error": "Unhandled"}
        return 200, {"Content-Type": "application/json"} | failed, json.dumps(payload).encode()

    def close(self):
        self.server.shutdown()
        self.moto.stop()
