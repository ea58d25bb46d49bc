#!/usr/bin/env python3
"""Adds to the folder of world.py a function that runs and a role with policies, of the number and length given (characters,
of which IAM allows a managed policy 6144): the last one allows what a Kafka client needs."""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import world  # noqa: E402

ROLE = f"arn:aws:iam::{world.ACCOUNT}:role/service/orders"
TOPIC = world.ARN.replace(":cluster/", ":topic/") + "/*"
GROUP = world.ARN.replace(":cluster/", ":group/") + "/*"


def document(number, length, is_last):
    statements = []
    if is_last:
        actions = ["Connect", "DescribeCluster", "*Topic*", "WriteData", "WriteDataIdempotently", "ReadData", "AlterGroup", "DescribeGroup"]
        statements.append({"Effect": "Allow", "Action": [f"kafka-cluster:{action}" for action in actions], "Resource": [world.ARN, TOPIC, GROUP]})
    while len(json.dumps(statements, separators=(",", ":"))) < length - 600:
        nth = f"{number}-{len(statements)}"
        statements.append(
            {
                "Sid": f"Other{number}x{len(statements)}",
                "Effect": "Deny" if len(statements) % 5 == 0 else "Allow",
                "Action": ["kafka-cluster:Connect", "kafka-cluster:*Data*"] if len(statements) % 2 == 0 else ["s3:Get*", "dynamodb:*Item"],
                "Resource": [f"arn:aws:kafka:{world.REGION}:{world.ACCOUNT}:*/other-{nth}/*", f"arn:aws:s3:::*-orders-{nth}/*"],
                "Condition": {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/*{nth}*"}},
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def rights(count, length):
    names = [f"policy-{number}" for number in range(count)]
    arns = [f"arn:aws:iam::{world.ACCOUNT}:policy/{name}" for name in names]
    answers = {
        "iam-get-role.orders": {"Role": {"RoleName": "orders", "Arn": ROLE, "RoleId": "AROAEXAMPLE"}},
        "iam-list-attached-role-policies.orders": {
            "AttachedPolicies": [{"PolicyName": name, "PolicyArn": arn} for name, arn in zip(names, arns)]
        },
        "iam-list-role-policies.orders": {"PolicyNames": []},
        "lambda-list-event-source-mappings.orders": {"EventSourceMappings": []},
        "kafka-get-cluster-policy": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
    }
    for number, (name, arn) in enumerate(zip(names, arns)):
        key = arn.replace(":", "_").replace("/", "_")
        answers[f"iam-get-policy.{key}"] = {"Policy": {"PolicyName": name, "Arn": arn, "DefaultVersionId": "v3"}}
        answers[f"iam-get-policy-version.{key}"] = {
            "PolicyVersion": {"VersionId": "v3", "IsDefaultVersion": True, "Document": document(number, length, number + 1 == count)}
        }
    return answers


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, answer in rights(int(sys.argv[2]), int(sys.argv[3])).items():
        (folder / f"{name}.json").write_text(json.dumps(answer))
    path = folder / "lambda-get-function-configuration.orders.json"
    function = json.loads(path.read_text())
    function.update(
        {
            "FunctionArn": f"arn:aws:lambda:{world.REGION}:{world.ACCOUNT}:function:orders",
            "Role": ROLE,
            "Runtime": "python3.12",
            "Timeout": 120,
            "MemorySize": 512,
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }
    )
    path.write_text(json.dumps(function))


main()
