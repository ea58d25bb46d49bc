//! A setting of the function, of what feeds it or of an endpoint: as an AWS CLI command, as Terraform, and made in a copy of
//! the facts.

use crate::aws::snapshot::Snapshot;
use crate::named::bare;
use crate::text::shell_word;

/// A setting. Msk-doctor shows it and never makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// How long the function may take.
    Timeout {
        /// Its name.
        function: String,
        /// Seconds.
        seconds: i64,
    },
    /// The function may use IPv6 in its subnets.
    Ipv6 {
        /// Its name.
        function: String,
        /// Its subnets: the command names them again.
        subnets: Vec<String>,
        /// Its groups.
        groups: Vec<String>,
    },
    /// The mapping polls.
    Polls {
        /// Its UUID.
        mapping: String,
    },
    /// The endpoint answers for the service's own names.
    PrivateDns {
        /// Its id.
        endpoint: String,
    },
}

impl Setting {
    /// The AWS CLI command that makes it.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Setting::Timeout { function, seconds } => format!(
                "aws lambda update-function-configuration --function-name {} --timeout {seconds}",
                shell_word(function)
            ),
            Setting::Ipv6 {
                function,
                subnets,
                groups,
            } => format!(
                "aws lambda update-function-configuration --function-name {} --vpc-config SubnetIds={},SecurityGroupIds={},Ipv6AllowedForDualStack=true",
                shell_word(function),
                subnets.join(","),
                groups.join(",")
            ),
            Setting::Polls { mapping } => format!(
                "aws lambda update-event-source-mapping --uuid {} --enabled",
                shell_word(mapping)
            ),
            Setting::PrivateDns { endpoint } => format!(
                "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {} --private-dns-enabled",
                shell_word(endpoint)
            ),
        }
    }

    /// The same as a Terraform fragment.
    #[must_use]
    pub fn terraform(&self) -> String {
        let (kind, line) = match self {
            Setting::Timeout { seconds, .. } => {
                ("aws_lambda_function", format!("  timeout = {seconds}"))
            }
            Setting::Ipv6 { .. } => (
                "aws_lambda_function",
                "  vpc_config {\n    ipv6_allowed_for_dual_stack = true\n  }".to_owned(),
            ),
            Setting::Polls { .. } => (
                "aws_lambda_event_source_mapping",
                "  enabled = true".to_owned(),
            ),
            Setting::PrivateDns { .. } => (
                "aws_vpc_endpoint",
                "  private_dns_enabled = true".to_owned(),
            ),
        };
        format!("resource \"{kind}\" \"msk\" {{\n{line}\n}}")
    }

    /// Makes it in a copy of the facts.
    pub fn apply(&self, facts: &mut Snapshot) {
        match self {
            Setting::Timeout { function, seconds } => {
                for own in facts.known_mut(|facts| &mut facts.functions) {
                    if own.function_name == bare(function).0 {
                        own.timeout = Some(*seconds);
                    }
                }
            }
            Setting::Ipv6 { function, .. } => {
                for own in facts.known_mut(|facts| &mut facts.functions) {
                    if own.function_name == bare(function).0
                        && let Some(vpc) = &mut own.vpc_config
                    {
                        vpc.ipv6_allowed_for_dual_stack = Some(true);
                    }
                }
            }
            Setting::Polls { mapping } => {
                for own in facts
                    .known_mut(|facts| &mut facts.event_source_mappings)
                    .flat_map(|answer| &mut answer.event_source_mappings)
                {
                    if own.uuid.as_ref() == Some(mapping) {
                        own.state = Some("Enabled".to_owned());
                    }
                }
            }
            Setting::PrivateDns { endpoint } => {
                for own in facts
                    .known_mut(|facts| &mut facts.vpc_endpoints)
                    .flat_map(|answer| &mut answer.vpc_endpoints)
                {
                    if own.vpc_endpoint_id == *endpoint {
                        own.private_dns_enabled = Some(true);
                    }
                }
            }
        }
    }
}
