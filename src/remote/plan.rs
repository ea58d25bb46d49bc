//! What a run from inside the VPC creates: in the function's place, as its role, without touching the function.

use std::time::Duration;

use time::OffsetDateTime;

use super::tags::Tags;
use crate::aws::snapshot::lambda::GetFunctionConfiguration;
use crate::package::Processor;

/// The least memory of a function, MB.
const LEAST_MEMORY: i32 = 128;
/// What a function takes besides its run, and the second that it leaves before its end.
const BESIDES: Duration = Duration::from_secs(5);
/// The longest that a function may take.
const LONGEST: Duration = Duration::from_secs(900);
/// After what time a run is over for certain: creation, the run itself, removal.
const OVER: Duration = Duration::from_secs(1800);
/// Dollars for a gigabyte-second and for an invocation, x86 (<https://aws.amazon.com/lambda/pricing/>).
const GIGABYTE_SECOND: f64 = 0.000_016_666_7;
const INVOCATION: f64 = 0.000_000_2;

/// From where it is asked, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The role's ARN.
    pub role: String,
    /// The subnets; none without a VPC.
    pub subnets: Vec<String>,
    /// The groups.
    pub security_groups: Vec<String>,
    /// The memory, MB.
    pub memory_mb: i32,
    /// The function that has this place, if it is one's.
    pub function: Option<String>,
}

impl Place {
    /// A function's own. `None` where its role is not known.
    #[must_use]
    pub fn of(function: &GetFunctionConfiguration) -> Option<Self> {
        let vpc = function.vpc_config.as_ref();
        Some(Self {
            role: function.role.clone()?,
            subnets: vpc.map(|vpc| vpc.subnet_ids.clone()).unwrap_or_default(),
            security_groups: vpc
                .map(|vpc| vpc.security_group_ids.clone())
                .unwrap_or_default(),
            memory_mb: function
                .memory_size
                .and_then(|memory| i32::try_from(memory).ok())
                .unwrap_or(LEAST_MEMORY)
                .max(LEAST_MEMORY),
            function: Some(function.function_name.clone()),
        })
    }

    /// Whether another place is in the same network: the same subnets and groups, in any order.
    #[must_use]
    pub fn shares_path(&self, other: &Self) -> bool {
        let same = |one: &[String], other: &[String]| {
            let (mut one, mut other) = (one.to_vec(), other.to_vec());
            one.sort();
            other.sort();
            one == other
        };
        same(&self.subnets, &other.subnets) && same(&self.security_groups, &other.security_groups)
    }
}

/// What is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The function's name.
    pub name: String,
    /// How it is known again.
    pub tags: Tags,
    /// Its role.
    pub role: String,
    /// Its subnets.
    pub subnets: Vec<String>,
    /// Its groups.
    pub security_groups: Vec<String>,
    /// Its memory, MB.
    pub memory_mb: i32,
    /// Its timeout.
    pub timeout: Duration,
    /// Its processor: the package's.
    pub processor: Processor,
    /// The log group of the function whose place it takes: one of its own would stay behind.
    pub log_group: Option<String>,
}

impl Plan {
    /// A function in that place, for a run of at most `deadline`.
    #[must_use]
    pub fn new(
        place: &Place,
        run: String,
        deadline: Duration,
        processor: Processor,
        now: OffsetDateTime,
    ) -> Self {
        let timeout = deadline.saturating_add(BESIDES).min(LONGEST);
        let tags = Tags {
            run,
            expires: now + OVER + timeout,
        };
        Self {
            name: tags.name(),
            tags,
            role: place.role.clone(),
            subnets: place.subnets.clone(),
            security_groups: place.security_groups.clone(),
            memory_mb: place.memory_mb,
            timeout,
            processor,
            log_group: place
                .function
                .as_ref()
                .map(|function| format!("/aws/lambda/{function}")),
        }
    }

    /// What it does, line by line.
    #[must_use]
    pub fn steps(&self, megabytes: f64) -> Vec<String> {
        let place = if self.subnets.is_empty() {
            "outside any VPC".to_owned()
        } else {
            format!(
                "in {} with {}",
                self.subnets.join(", "),
                self.security_groups.join(", ")
            )
        };
        let logs = match &self.log_group {
            Some(group) => format!("its log goes to {group}, where the role may write"),
            None => format!(
                "its log group /aws/lambda/{} stays, where the role may write",
                self.name
            ),
        };
        let mut steps = vec![
            format!(
                "create function {} {place}, as {}, {} MB, {}, {} s, package {megabytes:.1} MB",
                self.name,
                self.role,
                self.memory_mb,
                self.processor,
                self.timeout.as_secs()
            ),
            "wait until it is active, invoke it once, bring its report back (what is known of AWS goes with the invocation: no endpoint is needed)".to_owned(),
            format!(
                "delete {} (also on an error and on Ctrl-C; what a killed run leaves, `msk-doctor remote cleanup` removes)",
                self.name
            ),
            logs,
        ];
        if !self.subnets.is_empty() {
            // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
            steps.push(
                "its network interfaces are those of other functions with the same subnets and groups; new ones Lambda itself removes, within 20 minutes".to_owned(),
            );
        }
        steps
    }

    /// The IAM actions that whoever runs it needs, each with its resource.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        let mut all: Vec<String> = [
            "lambda:CreateFunction",
            "lambda:TagResource",
            "lambda:GetFunctionConfiguration",
            "lambda:InvokeFunction",
            "lambda:DeleteFunction",
        ]
        .map(|action| format!("{action} on function:{}", self.name))
        .to_vec();
        all.push(format!("iam:PassRole on {}", self.role));
        if !self.subnets.is_empty() {
            let actions = "ec2:DescribeSubnets, ec2:DescribeSecurityGroups, ec2:DescribeVpcs on *";
            all.push(actions.to_owned());
        }
        all
    }

    /// What it costs at most, in dollars: one invocation of all its time.
    #[must_use]
    pub fn cost(&self) -> f64 {
        let gigabytes = f64::from(self.memory_mb) / 1024.0;
        gigabytes * self.timeout.as_secs_f64() * GIGABYTE_SECOND + INVOCATION
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::snapshot::lambda::VpcConfig;

    fn place() -> Place {
        Place::of(&GetFunctionConfiguration {
            function_name: "orders".to_owned(),
            role: Some("arn:aws:iam::111122223333:role/orders".to_owned()),
            memory_size: Some(256),
            vpc_config: Some(VpcConfig {
                subnet_ids: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
                security_group_ids: vec!["sg-1".to_owned()],
                ..VpcConfig::default()
            }),
            ..GetFunctionConfiguration::default()
        })
        .expect("a place")
    }

    #[test]
    fn a_plan_takes_the_functions_place() {
        let plan = Plan::new(
            &place(),
            "0123abcd".to_owned(),
            Duration::from_secs(20),
            Processor::Arm64,
            OffsetDateTime::UNIX_EPOCH,
        );
        assert_eq!(plan.name, "msk-doctor-0123abcd");
        assert_eq!((plan.timeout.as_secs(), plan.memory_mb), (25, 256));
        assert_eq!(plan.log_group.as_deref(), Some("/aws/lambda/orders"));
        assert!(plan.cost() < 0.001);
        assert!(
            plan.permissions()
                .iter()
                .any(|one| one.starts_with("iam:PassRole"))
        );
    }

    #[test]
    fn the_order_of_subnets_is_no_other_place() {
        let mut other = place();
        other.subnets.reverse();
        assert!(place().shares_path(&other));
        other.subnets.pop();
        assert!(!place().shares_path(&other));
    }
}
