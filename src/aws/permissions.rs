//! What the calls need and what they are for, as a page and as a policy; and a script for somebody who may make them.

use crate::text::shell_word;
use std::fmt::Write as _;

use super::calls::Call;
use super::files::key_of;
use super::snapshot::Facts;

/// `docs/permissions.md`.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Permissions\n\n\
         Generated from the table of calls. Every call only reads. One that is denied makes its facts unknown: the run\n\
         goes on, and the report says what it needs. `sts:GetCallerIdentity` needs no permission.\n\n\
         | IAM action | without it is lost |\n|---|---|\n",
    );
    for call in sorted() {
        let _ = writeln!(page, "| `{}` | {} |", call.action(), call.lost);
    }
    page.push_str("\nThe least policy for all of them, which `msk-doctor snapshot --policy` prints:\n\n```json\n");
    page.push_str(&policy());
    page.push_str(
        "```\n\nWhoever lacks them can have `msk-doctor snapshot --script` run by somebody who has them, and pass the folder with\n\
         `--facts DIR`.\n",
    );
    page
}

/// The least IAM policy. Most of the actions know no resources, so that it names none.
#[must_use]
pub fn policy() -> String {
    let actions: Vec<String> = sorted().iter().map(|call| call.action()).collect();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "MskDoctorReads",
            "Effect": "Allow",
            "Action": actions,
            "Resource": "*",
        }],
    });
    format!("{policy:#}\n")
}

fn sorted() -> Vec<&'static Call> {
    let mut calls = Facts::CALLS.to_vec();
    calls.sort_by_key(|call| call.action());
    calls
}

/// What a script is for.
#[derive(Debug, Clone, Default)]
pub struct ScriptFor {
    /// The cluster's ARN or name.
    pub cluster: Option<String>,
    /// The function's name or ARN, with its qualifier.
    pub function: Option<(String, Option<String>)>,
    /// `--region` for every command.
    pub region: Option<String>,
    /// `--profile` for every command.
    pub profile: Option<String>,
}

/// A POSIX shell script that makes the folder of facts with the AWS CLI.
#[must_use]
pub fn script(target: &ScriptFor) -> String {
    let mut options = String::from(" --output json");
    for (flag, value) in [("region", &target.region), ("profile", &target.profile)] {
        if let Some(value) = value {
            let _ = write!(options, " --{flag} {}", shell_word(value));
        }
    }
    let mut script = format!(
        "#!/bin/sh\n\
         # Saves the AWS facts that msk-doctor reads with --facts DIR: sh SCRIPT DIR. It only reads.\n\
         set -u\n\
         mkdir -p \"${{1:?name a folder}}\" && cd \"$1\" || exit 2\n\
         \n\
         # A denial is a fact and is kept; another error is shown, and nothing is saved.\n\
         save() {{ # file command…\n\
         \x20   file=$1; shift\n\
         \x20   if aws \"$@\"{options} >\"$file.part\" 2>\"$file.err\"; then mv \"$file.part\" \"$file\"\n\
         \x20   elif grep -Eq 'AccessDenied|UnauthorizedOperation' \"$file.err\"; then cp \"$file.err\" \"$file\"\n\
         \x20   else echo \"aws $*:\" >&2; cat \"$file.err\" >&2; fi\n\
         \x20   rm -f \"$file.part\" \"$file.err\"\n\
         }}\n\
         ids() {{ cat ./*.json 2>/dev/null | grep -oE \"\\\"$1\\\"\" | tr -d '\"' | sort -u; }}\n\
         name() {{ printf %s \"$1\" | tr '/:' '__'; }}\n\n",
    );
    functions(&mut script, target);
    clusters(&mut script, target);
    let once = |call: &&&Call| {
        matches!(call.service, "ec2" | "route53resolver")
            && !matches!(
                call.api,
                "DescribeVpcAttribute"
                    | "GetManagedPrefixListEntries"
                    | "SearchTransitGatewayRoutes"
            )
    };
    for call in Facts::CALLS.iter().filter(once) {
        let _ = writeln!(
            script,
            "save {}.json {} {}",
            call.stem(),
            call.service,
            call.operation
        );
    }
    script.push_str(
        "for role in $(cat lambda-get-function-configuration.*.json 2>/dev/null | grep -oE ':role/[^\"]+' | sed 's#.*/##' | sort -u); do\n\
         \x20   save \"iam-get-role.$role.json\" iam get-role --role-name \"$role\"\n\
         \x20   save \"iam-list-attached-role-policies.$role.json\" iam list-attached-role-policies --role-name \"$role\"\n\
         \x20   save \"iam-list-role-policies.$role.json\" iam list-role-policies --role-name \"$role\"\n\
         \x20   for name in $(tr -d '[:space:]' < \"iam-list-role-policies.$role.json\" 2>/dev/null | grep -oE '\"PolicyNames\":\\[[^]]*' | cut -d: -f2 | tr -d '[]\"' | tr ',' ' '); do\n\
         \x20       save \"iam-get-role-policy.$role.$name.json\" iam get-role-policy --role-name \"$role\" --policy-name \"$name\"\n\
         \x20   done\n\
         done\n\
         # A second opinion, and the only word on the organisation's policies.\n\
         for arn in $(cat lambda-get-function-configuration.*.json 2>/dev/null | grep -oE 'arn:[a-z-]+:iam::[0-9]+:role/[^\"]+' | sort -u); do\n\
         \x20   [ -z \"$clusters\" ] || save \"iam-simulate-principal-policy.${arn##*/}.cluster.json\" iam simulate-principal-policy --policy-source-arn \"$arn\" --resource-arns $clusters --action-names kafka-cluster:Connect kafka-cluster:DescribeCluster kafka-cluster:DescribeClusterDynamicConfiguration kafka-cluster:WriteDataIdempotently\n\
         done\n\
         for policy in $(cat iam-get-role.*.json iam-list-attached-role-policies.*.json 2>/dev/null | grep -oE 'arn:[a-z-]+:iam::[a-z0-9]+:policy/[^\"]+' | sort -u); do\n\
         \x20   save \"iam-get-policy.$(name \"$policy\").json\" iam get-policy --policy-arn \"$policy\"\n\
         \x20   version=$(grep -oE '\"DefaultVersionId\": *\"[^\"]+' \"iam-get-policy.$(name \"$policy\").json\" 2>/dev/null | grep -oE 'v[0-9]+$')\n\
         \x20   [ -z \"$version\" ] || save \"iam-get-policy-version.$(name \"$policy\").json\" iam get-policy-version --policy-arn \"$policy\" --version-id \"$version\"\n\
         done\n\
         region=$(ids 'arn:[a-z-]+:kafka:[^\"]*' | head -n 1 | cut -d: -f4)\n\
         for vpc in $(ids 'vpc-[0-9a-f]+'); do\n\
         \x20   for attribute in enableDnsSupport enableDnsHostnames; do\n\
         \x20       save \"ec2-describe-vpc-attribute.$vpc.$attribute.json\" ec2 describe-vpc-attribute --vpc-id \"$vpc\" --attribute \"$attribute\"\n\
         \x20   done\n\
         \x20   save \"route53-list-hosted-zones-by-vpc.$vpc.json\" route53 list-hosted-zones-by-vpc --vpc-id \"$vpc\" --vpc-region \"$region\"\n\
         done\n\
         for zone in $(cat route53-list-hosted-zones-by-vpc.*.json 2>/dev/null | grep -oE '\"HostedZoneId\": *\"[^\"]+' | grep -oE '[^\"]+$' | sort -u); do\n\
         \x20   save \"route53-list-resource-record-sets.$zone.json\" route53 list-resource-record-sets --hosted-zone-id \"$zone\"\n\
         done\n\
         for table in $(ids 'tgw-rtb-[0-9a-f]+'); do\n\
         \x20   save \"ec2-search-transit-gateway-routes.$table.json\" ec2 search-transit-gateway-routes --transit-gateway-route-table-id \"$table\" --filters Name=state,Values=active,blackhole\n\
         done\n\
         for list in $(ids 'pl-[0-9a-f]+'); do\n\
         \x20   save \"ec2-get-managed-prefix-list-entries.$list.json\" ec2 get-managed-prefix-list-entries --prefix-list-id \"$list\"\n\
         done\n",
    );
    script
}

fn functions(script: &mut String, target: &ScriptFor) {
    let Some((name, qualifier)) = &target.function else {
        return;
    };
    let bare = name.rsplit(":function:").next().unwrap_or(name);
    let full = match qualifier {
        Some(qualifier) => format!("{bare}:{qualifier}"),
        None => bare.to_owned(),
    };
    let concurrency = shell_word(&format!(
        "lambda-get-function-concurrency.{}.json",
        key_of(bare)
    ));
    let qualified = qualifier
        .as_ref()
        .map(|qualifier| format!(" --qualifier {}", shell_word(qualifier)))
        .unwrap_or_default();
    let _ = writeln!(
        script,
        "# The environment variables may hold secrets: only the VPC, the role and the like are saved.\n\
         save {} lambda get-function-configuration --function-name {}{qualified} --query '{QUERY}'\n\
         save {concurrency} lambda get-function-concurrency --function-name {}\n\
         # Where none is reserved the CLI prints nothing.\n\
         [ ! -e {concurrency} ] || [ -s {concurrency} ] || echo '{{}}' >{concurrency}\n\
         save lambda-list-event-source-mappings.json lambda list-event-source-mappings --function-name {}",
        shell_word(&format!(
            "lambda-get-function-configuration.{}.json",
            key_of(&full)
        )),
        shell_word(name),
        shell_word(bare),
        shell_word(&full),
    );
}

/// All of a function's configuration that is modelled, but the environment.
const QUERY: &str = "{FunctionName:FunctionName,FunctionArn:FunctionArn,Role:Role,Version:Version,Runtime:Runtime,\
Timeout:Timeout,MemorySize:MemorySize,State:State,StateReason:StateReason,StateReasonCode:StateReasonCode,\
LastUpdateStatus:LastUpdateStatus,LastUpdateStatusReason:LastUpdateStatusReason,\
LastUpdateStatusReasonCode:LastUpdateStatusReasonCode,VpcConfig:VpcConfig,SnapStart:SnapStart,Layers:Layers}";

fn clusters(script: &mut String, target: &ScriptFor) {
    match target.cluster.as_deref() {
        Some(arn) if arn.starts_with("arn:") => {
            let _ = writeln!(script, "clusters={}", shell_word(arn));
        }
        name => {
            let filter = name
                .map(|name| format!(" --cluster-name-filter {}", shell_word(name)))
                .unwrap_or_default();
            let _ = writeln!(
                script,
                "save kafka-list-clusters-v2.json kafka list-clusters-v2{filter}\n\
                 clusters=$(ids 'arn:[a-z-]+:kafka:[^\"]*:cluster/[^\"]+')"
            );
        }
    }
    let per_cluster = [
        "describe-cluster-v2",
        "list-nodes",
        "get-bootstrap-brokers",
        "get-cluster-policy",
        "list-client-vpc-connections",
    ];
    script.push_str("for cluster in $clusters; do\n");
    for operation in per_cluster {
        let _ = writeln!(
            script,
            "    save \"kafka-{operation}.$(name \"$cluster\").json\" kafka {operation} --cluster-arn \"$cluster\""
        );
    }
    script.push_str(
        "done\n\
         save kafka-list-vpc-connections.json kafka list-vpc-connections\n\
         for connection in $(ids 'arn:[a-z-]+:kafka:[^\"]*:vpc-connection/[^\"]+'); do\n\
         \x20   save \"kafka-describe-vpc-connection.$(name \"$connection\").json\" kafka describe-vpc-connection --arn \"$connection\"\n\
         done\n",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_the_script() {
        let script = script(&ScriptFor {
            cluster: Some("demo's".to_owned()),
            function: Some(("orders".to_owned(), Some("prod".to_owned()))),
            region: Some("eu-west-1".to_owned()),
            profile: None,
        });
        // A script is for a function: no user is asked about, and whoever runs it is not the client.
        let of_users = |api: &str| {
            ["User", "Group", "Caller"]
                .iter()
                .any(|of| api.contains(of))
        };
        let of_the_network = |call: &Call| call.service == "ec2";
        for call in Facts::CALLS {
            if of_users(call.api) && !of_the_network(call) {
                continue;
            }
            let words = format!(" {} {}", call.service, call.operation);
            assert!(script.contains(&words), "{words} is not in\n{script}");
        }
        assert!(
            script.contains("--cluster-name-filter 'demo'\\''s'"),
            "{script}"
        );
        assert!(script.contains("lambda-get-function-configuration.orders_prod.json"));
    }
}
