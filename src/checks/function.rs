//! What the function's own configuration says: whether it runs at all, with which VPC, and whether what it is given is
//! enough for a Kafka client.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-networking.html>.

use super::configuration::{Answer, answer};
use super::environment::{apis, patience, region};
use crate::aws::files::key_of;
use crate::aws::snapshot::ec2::NetworkInterface;
use crate::aws::snapshot::lambda::{GetFunctionConfiguration, VpcConfig};
use crate::case::Case;
use crate::catalogue::{self as c, Fault};
use crate::diagnosis::{Setting, Status};
use crate::named::bare;
use crate::target::Auth;
use crate::vpc::{self, World, configuration};

/// Below this memory, in MiB, a function has so little of a core that TLS and signing alone take seconds.
const STARVED: i64 = 128;
/// A timeout, in seconds, that leaves a client the time to try its brokers and to say why it fails.
const ENOUGH: i64 = 30;

/// The function that the case is about, as the facts have it.
#[must_use]
pub fn function<'a>(case: &Case, world: &World<'a>) -> Option<&'a GetFunctionConfiguration> {
    let (name, qualifier) = named(case)?;
    configuration(world.snapshot, &name, qualifier.as_deref()).ok()
}

/// The name and the qualifier of the case's function.
fn named(case: &Case) -> Option<(String, Option<String>)> {
    if let Some(vpc::From::Function { name, qualifier }) = case.client.vantage() {
        return Some((name, qualifier));
    }
    let (name, qualifier) = bare(case.target.function.as_deref()?);
    Some((name.to_owned(), qualifier.map(ToOwned::to_owned)))
}

/// Everything that the facts say of the function; empty where the case is about none.
#[must_use]
pub fn answers(case: &Case, world: &World<'_>) -> Vec<Answer> {
    let Some((name, qualifier)) = named(case) else {
        return Vec::new();
    };
    let known = configuration(world.snapshot, &name, qualifier.as_deref());
    let function = match known {
        Ok(function) => function,
        Err(gap) => {
            return vec![Answer {
                needs: Some(gap.needs),
                ..answer(&c::FN_01, Status::Unknown, gap.what)
            }];
        }
    };
    let mut found = vec![state(function)];
    found.extend(last_update(function));
    found.extend(pinned(world, function, &name, qualifier.as_deref()));
    if let Some(vpc) = in_vpc(function) {
        found.extend(addresses(world, function, vpc));
        found.extend(tenancy(world, vpc));
        found.extend(ipv6(case, vpc));
        found.extend(apis(world, function, vpc));
    }
    found.extend(region(case, function));
    found.extend(timeout(function));
    found.extend(memory(function));
    found.extend(cold_starts(case, world, &name));
    found.extend(snap_start(function, qualifier.as_deref()));
    found
}

/// The function's VPC, where it has one.
fn in_vpc(function: &GetFunctionConfiguration) -> Option<&VpcConfig> {
    let vpc = function.vpc_config.as_ref()?;
    (!vpc.subnet_ids.is_empty()).then_some(vpc)
}

/// The entry for a reason code of a state or of an update.
fn by_reason(code: Option<&str>) -> Option<&'static Fault> {
    Some(match code? {
        "EniLimitExceeded" => &c::FN_03,
        "InsufficientRolePermissions" => &c::FN_04,
        "SubnetOutOfIPAddresses" => &c::FN_05,
        "InvalidSubnet" | "InvalidSecurityGroup" => &c::FN_06,
        _ => return None,
    })
}

fn because(code: Option<&str>, reason: Option<&str>) -> String {
    let words: Vec<&str> = [code, reason].into_iter().flatten().collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(": {}", words.join(", "))
    }
}

fn state(function: &GetFunctionConfiguration) -> Answer {
    let name = &function.function_name;
    let code = function.state_reason_code.as_deref();
    let why = because(code, function.state_reason.as_deref());
    match function.state.as_deref() {
        Some("Active") => answer(&c::FN_01, Status::Pass, format!("{name} is Active")),
        Some("Pending") => {
            // An idle function that was called is Pending while its interface is made again.
            let fault = match code {
                Some("Idle" | "Restoring") => &c::FN_02,
                _ => by_reason(code).unwrap_or(&c::FN_01),
            };
            answer(fault, Status::Fault, format!("{name} is Pending{why}"))
        }
        Some("Inactive") => {
            let fault = by_reason(code).unwrap_or(&c::FN_02);
            answer(fault, Status::Fault, format!("{name} is Inactive{why}"))
        }
        Some("Failed") => {
            let fault = by_reason(code).unwrap_or(&c::FN_07);
            answer(fault, Status::Fault, format!("{name} is Failed{why}"))
        }
        Some(state) => answer(
            &c::FN_01,
            Status::Unknown,
            format!("{name} is {state}, a state that this version does not know"),
        ),
        None => Answer {
            needs: Some("lambda:GetFunctionConfiguration".to_owned()),
            ..answer(
                &c::FN_01,
                Status::Unknown,
                format!("the state of {name} is not among the facts"),
            )
        },
    }
}

/// An update that is not in force: invocations run with what was before.
fn last_update(function: &GetFunctionConfiguration) -> Option<Answer> {
    let name = &function.function_name;
    let code = function.last_update_status_reason_code.as_deref();
    let why = because(code, function.last_update_status_reason.as_deref());
    match function.last_update_status.as_deref()? {
        "Successful" => Some(answer(
            &c::FN_07,
            Status::Pass,
            format!("the last update of {name} is in force"),
        )),
        "Failed" => Some(answer(
            by_reason(code).unwrap_or(&c::FN_07),
            Status::Fault,
            format!("the last update of {name} failed{why}: invocations run with what was before"),
        )),
        status => Some(Answer {
            needs: Some("lambda:GetFunctionConfiguration, once it is over".to_owned()),
            ..answer(
                &c::FN_07,
                Status::Unknown,
                format!("which configuration of {name} is in force: its last update is {status}"),
            )
        }),
    }
}

/// A version keeps the VPC that it was published with.
fn pinned(
    world: &World<'_>,
    function: &GetFunctionConfiguration,
    name: &str,
    qualifier: Option<&str>,
) -> Option<Answer> {
    let qualifier = qualifier.filter(|qualifier| *qualifier != "$LATEST")?;
    let latest = configuration(world.snapshot, name, None).ok()?;
    let parts = |function: &GetFunctionConfiguration| {
        let vpc = in_vpc(function).cloned().unwrap_or_default();
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        (sorted(vpc.subnet_ids), sorted(vpc.security_group_ids))
    };
    let (own, new) = (parts(function), parts(latest));
    if own == new {
        let words = format!("{qualifier} has the VPC configuration of $LATEST");
        return Some(answer(&c::FN_08, Status::Pass, words));
    }
    let words = |(subnets, groups): &(Vec<String>, Vec<String>)| {
        if subnets.is_empty() {
            "no VPC".to_owned()
        } else {
            format!("{} with {}", subnets.join(", "), groups.join(", "))
        }
    };
    Some(answer(
        &c::FN_08,
        Status::Warning,
        format!(
            "{qualifier} was published with {}, $LATEST has {}",
            words(&own),
            words(&new)
        ),
    ))
}

/// A subnet without a free address: interfaces that are there go on, none can be added.
fn addresses(
    world: &World<'_>,
    function: &GetFunctionConfiguration,
    vpc: &VpcConfig,
) -> Option<Answer> {
    let full: Vec<&str> = vpc
        .subnet_ids
        .iter()
        .filter_map(|id| world.subnet(id).ok())
        .filter(|subnet| subnet.available_ip_address_count == Some(0))
        .map(|subnet| subnet.subnet_id.as_str())
        .collect();
    if full.is_empty() {
        return None;
    }
    let has_interface = |id: &str| {
        world.all_interfaces().any(|interface: &NetworkInterface| {
            interface.interface_type.as_deref() == Some("lambda")
                && interface.subnet_id.as_deref() == Some(id)
        })
    };
    let runs = function.state.as_deref() == Some("Active");
    let status = if runs && full.iter().all(|id| has_interface(id)) {
        Status::Warning
    } else {
        Status::Fault
    };
    let words = format!("no address is free in {}", full.join(", "));
    Some(answer(&c::FN_05, status, words))
}

/// Lambda cannot stand in a VPC with dedicated tenancy.
fn tenancy(world: &World<'_>, vpc: &VpcConfig) -> Option<Answer> {
    let id = vpc.vpc_id.as_deref()?;
    let tenancy = world.vpc(id).ok()?.instance_tenancy.as_deref()?;
    (tenancy == "dedicated").then(|| {
        answer(
            &c::FN_15,
            Status::Fault,
            format!("the instance tenancy of {id} is dedicated"),
        )
    })
}

/// A client of an IPv6 listener needs an IPv6 address, which a function has only if it was allowed one.
fn ipv6(case: &Case, vpc: &VpcConfig) -> Option<Answer> {
    let mut ports = case.target.brokers.iter().map(|broker| broker.port);
    if !ports.any(|port| (20092..=20098).contains(&port)) {
        return None;
    }
    let allowed = vpc.ipv6_allowed_for_dual_stack?;
    let (status, word) = if allowed {
        (Status::Pass, "on")
    } else {
        (Status::Fault, "off")
    };
    let words = format!("Ipv6AllowedForDualStack is {word}");
    Some(Answer {
        setting: Some(Setting::Ipv6 {
            function: case
                .target
                .function
                .clone()
                .or_else(|| case.client.name.clone())?,
            subnets: vpc.subnet_ids.clone(),
            groups: vpc.security_group_ids.clone(),
        }),
        ..answer(&c::FN_17, status, words)
    })
}

/// What ends the invocation before the client says why it cannot connect.
fn timeout(function: &GetFunctionConfiguration) -> Option<Answer> {
    let timeout = function.timeout?;
    let name = &function.function_name;
    let patience = patience(function);
    if timeout >= patience {
        let words = format!("{name} may take {timeout} s");
        return Some(answer(&c::FN_09, Status::Pass, words));
    }
    let words = format!(
        "{name} is ended after {timeout} s, and its Kafka client waits {patience} s and more for one connection: its error is never printed"
    );
    Some(Answer {
        setting: Some(Setting::Timeout {
            function: name.clone(),
            seconds: ENOUGH.max(patience + ENOUGH / 3),
        }),
        ..answer(&c::FN_09, Status::Warning, words)
    })
}

fn memory(function: &GetFunctionConfiguration) -> Option<Answer> {
    let memory = function.memory_size?;
    (memory <= STARVED).then(|| {
        answer(
            &c::FN_18,
            Status::Warning,
            format!(
                "{} has {memory} MB, and with them a small share of a core",
                function.function_name
            ),
        )
    })
}

/// How many connections with IAM a broker accepts in a second, and the kinds of broker that accept few.
/// Source: <https://docs.aws.amazon.com/msk/latest/developerguide/limits.html>.
const RATE: i64 = 100;
const SMALL: (&str, i64) = ("kafka.t3.small", 4);

/// Each cold start connects to every broker: as many at once as the function may have.
fn cold_starts(case: &Case, world: &World<'_>, name: &str) -> Option<Answer> {
    if case.target.auth != Auth::Iam {
        return None;
    }
    let cluster = vpc::cluster(world, case.target.cluster.as_deref()).ok()?;
    let kind = &cluster
        .provisioned
        .as_ref()?
        .broker_node_group_info
        .instance_type;
    let rate = match kind.as_deref()? {
        small if small == SMALL.0 => SMALL.1,
        _ => RATE,
    };
    let key = key_of(name);
    let mut known = world.snapshot.known(|facts| &facts.concurrency);
    let (_, own) = known.find(|(own, _)| *own == key || own.is_empty())?;
    let reserved = own.reserved_concurrent_executions;
    let words = match reserved {
        Some(reserved) if reserved > rate => {
            format!("{reserved} invocations at once are reserved for {name}")
        }
        None if rate < RATE => format!("{name} has as many invocations at once as the account"),
        _ => return None,
    };
    let kind = kind.as_deref()?;
    let words = format!("{words}, and a {kind} broker accepts {rate} IAM connections a second");
    Some(answer(&c::FN_12, Status::Warning, words))
}

fn snap_start(function: &GetFunctionConfiguration, qualifier: Option<&str>) -> Option<Answer> {
    let on = function.snap_start.as_ref()?.apply_on.as_deref() == Some("PublishedVersions");
    let published = qualifier.is_some_and(|qualifier| qualifier != "$LATEST")
        || function
            .version
            .as_deref()
            .is_some_and(|version| version != "$LATEST");
    (on && published).then(|| {
        answer(
            &c::FN_14,
            Status::Warning,
            format!(
                "{} is restored from a snapshot: connections and tokens that it holds are old by then",
                function.function_name
            ),
        )
    })
}
