"""cargo-lambda's emulator of the Runtime API: another's reading of it. Its deadlines are in 1970."""

import http.client
import json
import os
import socket
import subprocess
import time

from conftest import DOCTOR


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_two_invocations_are_answered(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text("fn main() {}")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "doctor"\nversion = "0.1.0"\nedition = "2021"\n')
    port = free_port()
    emulator = subprocess.Popen(
        [os.environ["CARGO_LAMBDA"], "lambda", "watch", "--only-lambda-apis", "-A", "127.0.0.1", "-P", str(port)],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    doctor = None
    try:
        while True:
            assert emulator.poll() is None, emulator.stderr.read()
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        env = {
            "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt", "AWS_REGION": "eu-west-1",
            "AWS_LAMBDA_FUNCTION_NAME": "_", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4096",
        }
        doctor = subprocess.Popen([DOCTOR], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2):
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            asked.request("POST", "/2015-03-31/functions/_/invocations", json.dumps({"bootstrap": "127.0.0.1:1"}))
            answer = json.loads(asked.getresponse().read())
            assert answer["errorType"] == "WrongUse", answer
            assert "ms since 1970) was over" in answer["errorMessage"], answer
            assert doctor.poll() is None
    finally:
        for process in filter(None, (doctor, emulator)):
            process.kill()
            process.communicate()
