"""An API endpoint in front of moto: has the answers that moto lacks, and denies, throttles or delays any call."""

import contextlib
import http.client
import itertools
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KAFKA = {
    "nodes": "ListNodes",
    "bootstrap-brokers": "GetBootstrapBrokers",
    "policy": "GetClusterPolicy",
    "client-vpc-connections": "ListClientVpcConnections",
}


def operation(path, headers, body):
    """What is asked, by the API's name."""
    target = {key.lower(): value for key, value in headers.items()}.get("x-amz-target")
    if target:
        return target.split(".")[-1]
    parts = urllib.parse.urlsplit(path).path.strip("/").split("/")
    if parts[0] == "2013-04-01":
        return "ListResourceRecordSets" if parts[-1] == "rrset" else "ListHostedZonesByVPC"
    if parts[:3] == ["api", "v2", "clusters"]:
        return "DescribeClusterV2" if len(parts) > 3 else "ListClustersV2"
    if parts[:2] == ["v1", "clusters"]:
        return KAFKA[parts[3]]
    if parts == ["v1", "vpc-connections"]:
        return "ListVpcConnections"
    if parts[-1] == "concurrency":
        return "GetFunctionConcurrency"
    if "functions" in parts:
        return "GetFunctionConfiguration"
    if "event-source-mappings" in parts:
        return "ListEventSourceMappings"
    return urllib.parse.parse_qs(body.decode())["Action"][0]


class Stub:
    def __init__(self, moto_port):
        self.moto_port = moto_port
        self.kafka, self.function_vpc = {}, ""
        self.denied, self.throttled, self.silent = set(), {}, set()
        self.delay = 0
        self.asked, self.firewalls = [], []
        self.recorded, self.changed = {}, {}
        self.simulator = allowed
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two segments: the second would wait 40 ms for the client's delayed ACK.
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, out = stub.answer(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                # Whoever asked may have given up.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(out)

            do_GET = do_POST = answer

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method, path, headers, body):
        name = operation(path, headers, body)
        self.asked.append(name)
        query = body.startswith(b"Action=")
        ec2 = query and b"Version=2016-11-15" in body
        xml = query or path.startswith("/2013-04-01/")
        if name in self.silent:
            time.sleep(30)
        if name in self.denied:
            return error(xml, 403, "UnauthorizedOperation" if ec2 else "AccessDenied" if xml else "AccessDeniedException")
        if self.throttled.get(name, 0) > 0:
            self.throttled[name] -= 1
            return error(xml, 503 if xml else 429, "RequestLimitExceeded" if ec2 else "Throttling" if xml else "TooManyRequestsException")
        if name == "ListFirewallRuleGroupAssociations":
            return 200, "application/x-amz-json-1.1", json.dumps({"FirewallRuleGroupAssociations": self.firewalls}).encode()
        if name == "SimulatePrincipalPolicy":
            time.sleep(self.delay)
            return 200, "text/xml", self.simulated(urllib.parse.parse_qs(body.decode()))
        if name in self.kafka:
            time.sleep(self.delay)
            return 200, "application/json", json.dumps(self.kafka[name]).encode()
        if name in KAFKA.values():
            return error(False, 404, "NotFoundException")
        key = (name, method, path, body)
        if key in self.recorded:
            time.sleep(self.delay)
            return self.recorded[key]
        if name == "DescribeVpcPeeringConnections":
            # moto does not know the filters by VPC.
            body = b"Action=DescribeVpcPeeringConnections&Version=2016-11-15"
            headers["Content-Length"] = str(len(body))
        moto = http.client.HTTPConnection("127.0.0.1", self.moto_port)
        moto.request(method, path, body, {k: v for k, v in headers.items() if k.lower() != "host"})
        response = moto.getresponse()
        # moto gives every function the same VPC.
        text = response.read().replace(b"vpc-123abc", self.function_vpc.encode())
        out = response.status, response.headers.get("Content-Type", "text/xml"), text
        if name in self.changed:
            return response.status, out[1], json.dumps(json.loads(text) | self.changed[name]).encode()
        self.recorded[key] = out
        return out


    def simulated(self, asked):
        """What the simulator says: as `self.simulator` decides, for each action on each resource."""
        found = ""
        actions = [value[0] for name, value in asked.items() if name.startswith("ActionNames.")]
        resources = [value[0] for name, value in asked.items() if name.startswith("ResourceArns.")]
        for action, resource in itertools.product(actions, resources):
            decision, organisation = self.simulator(action, resource)
            found += (
                f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
                f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/><MissingContextValues/>"
                f"<OrganizationsDecisionDetail><AllowedByOrganizations>{str(organisation).lower()}</AllowedByOrganizations>"
                "</OrganizationsDecisionDetail></member>"
            )
        return (
            '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>'
            f"<IsTruncated>false</IsTruncated><EvaluationResults>{found}</EvaluationResults>"
            "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        ).encode()


def allowed(action, resource):
    """The simulator where nothing denies."""
    return "allowed", True


def error(xml, status, code):
    if xml:
        told = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
        # Route 53 and IAM have one error, EC2 a list.
        body = f"<Errors>{told}</Errors>" if code in {"UnauthorizedOperation", "RequestLimitExceeded"} else told
        root = "Response" if body != told else "ErrorResponse"
        return status, "text/xml", f"<{root}>{body}<RequestID>1</RequestID></{root}>".encode()
    return status, "application/json", json.dumps({"__type": code, "code": code, "message": "no"}).encode()
