//! Random policies: both evaluators, and what holds for all of them.

use std::collections::BTreeMap;

use super::simple::{self, Asked, Written};
use super::*;

/// Numbers from a seed: splitmix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % sides as u64).expect("below a usize")
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn pick(&mut self, of: &[&str]) -> String {
        of[self.roll(of.len())].to_owned()
    }
}

const ACTIONS: &[&str] = &[
    "*",
    "kafka-cluster:*",
    "kafka-cluster:Connect",
    "KAFKA-CLUSTER:connect",
    "kafka-cluster:?onnect",
    "kafka-cluster:WriteData",
    "kafka-cluster:*Data",
    "kafka-cluster:Describe*",
    "kafka:*",
    "s3:GetObject",
];

fn resource(dice: &mut Dice) -> String {
    let kind = dice.pick(&["cluster", "topic", "*"]);
    let account = dice.pick(&[ACCOUNT, ACCOUNT, OTHER_ACCOUNT, "*"]);
    let region = dice.pick(&["eu-west-1", "eu-west-1", "us-east-1", "*"]);
    let rest = match dice.roll(5) {
        0 => "demo/*".to_owned(),
        1 => format!("demo/{UUID}"),
        2 => format!("demo/{UUID}/*"),
        3 => format!("demo/{UUID}/orders"),
        _ => "other/*".to_owned(),
    };
    if dice.chance(35) {
        "*".to_owned()
    } else {
        format!("arn:aws:kafka:{region}:{account}:{kind}/{rest}")
    }
}

/// One statement, or what would be one in a cluster's policy.
pub fn statement(dice: &mut Dice, names: bool, deny: usize) -> Value {
    let mut made = json!({ "Effect": if dice.chance(deny) { "Deny" } else { "Allow" } });
    let actions: Vec<String> = (0..=dice.roll(2)).map(|_| dice.pick(ACTIONS)).collect();
    let field = if dice.chance(8) {
        "NotAction"
    } else {
        "Action"
    };
    made[field] = json!(actions);
    let resources: Vec<String> = (0..=dice.roll(2)).map(|_| resource(dice)).collect();
    let field = if dice.chance(8) {
        "NotResource"
    } else {
        "Resource"
    };
    made[field] = json!(resources);
    if dice.chance(30) {
        let condition = match dice.roll(8) {
            0 => json!({ "StringEquals": { "aws:PrincipalAccount": [ACCOUNT, "999988887777"] } }),
            1 => {
                json!({ "StringEquals": { "aws:RequestedRegion": dice.pick(&["eu-west-1", "us-east-1"]) } })
            }
            2 => {
                json!({ "StringNotEquals": { "aws:RequestedRegion": dice.pick(&["eu-west-1", "us-east-1"]) } })
            }
            3 => json!({ "Bool": { "aws:SecureTransport": dice.pick(&["true", "false"]) } }),
            4 => json!({ "Null": { "aws:username": dice.pick(&["true", "false"]) } }),
            5 => json!({ "StringEqualsIfExists": { "aws:username": "ann" } }),
            6 => json!({ "StringNotEquals": { "aws:username": "ann" } }),
            _ => json!({ "StringLike": { "aws:RequestedRegion": dice.pick(&["eu-*", "us-*"]) } }),
        };
        made["Condition"] = condition;
    }
    if names {
        let who = dice.pick(&[
            "*",
            ACCOUNT,
            OTHER_ACCOUNT,
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:role/team/orders",
            "arn:aws:iam::111122223333:role/other",
            "arn:aws:sts::111122223333:assumed-role/orders/orders-writer",
        ]);
        made["Principal"] = if who == "*" && dice.chance(50) {
            json!("*")
        } else {
            json!({ "AWS": who })
        };
    }
    made
}

fn statements(dice: &mut Dice, names: bool, deny: usize) -> Vec<Value> {
    (0..dice.roll(4))
        .map(|_| statement(dice, names, deny))
        .collect()
}

/// What limits, if anything does: it mostly allows, or every answer would be no.
fn limit(dice: &mut Dice, percent: usize) -> Option<Vec<Value>> {
    dice.chance(percent).then(|| {
        let mut made = statements(dice, false, 10);
        if dice.chance(70) {
            made.push(allow_all());
        }
        made
    })
}

pub fn policies(dice: &mut Dice) -> Written {
    Written {
        identity: (0..=dice.roll(3))
            .map(|_| statements(dice, false, 12))
            .collect(),
        boundary: limit(dice, 25),
        session: limit(dice, 15),
        service_control: (0..dice.roll(3)).filter_map(|_| limit(dice, 90)).collect(),
        cluster: dice.chance(50).then(|| statements(dice, true, 12)),
    }
}

/// The same policies as the first evaluator takes them.
pub fn as_read(written: &Written) -> Policies {
    let one = |kind, statements: &Option<Vec<Value>>| {
        statements
            .as_ref()
            .map_or(Layer::Absent, |statements| layer(kind, statements))
    };
    let own = written.identity.iter().enumerate();
    Policies {
        boundary: one(Kind::Boundary, &written.boundary),
        session: one(Kind::Session, &written.session),
        service_control: written
            .service_control
            .iter()
            .map(|statements| layer(Kind::ServiceControl, statements))
            .collect(),
        cluster: one(Kind::Cluster, &written.cluster),
        ..Policies::of_identity(
            own.map(|(index, statements)| {
                Policy::new(Kind::Managed, &format!("p{index}"), &document(statements))
            })
            .collect(),
        )
    }
}

pub fn request(dice: &mut Dice) -> (Request, Asked) {
    let account = if dice.chance(70) {
        ACCOUNT
    } else {
        OTHER_ACCOUNT
    };
    let cluster = cluster_of(account);
    let (action, resource) = match dice.roll(3) {
        0 => ("kafka-cluster:Connect", cluster.resource().arn()),
        1 => ("kafka-cluster:DescribeTopic", cluster.topic("orders").arn()),
        _ => ("kafka-cluster:WriteData", cluster.topic("orders").arn()),
    };
    let asked = Asked {
        action: action.to_owned(),
        resource: resource.to_string(),
        account: ACCOUNT.to_owned(),
        role: "arn:aws:iam::111122223333:role/team/orders".to_owned(),
        session: "arn:aws:sts::111122223333:assumed-role/orders/orders-writer".to_owned(),
        region: "eu-west-1".to_owned(),
    };
    (Request::new(role(), action, resource), asked)
}

#[test]
fn two_evaluators_agree() {
    const SETS: u64 = 5000;
    let mut tally: BTreeMap<Decision, usize> = BTreeMap::new();
    for seed in 0..SETS {
        let dice = &mut Dice(seed);
        let written = policies(dice);
        let (request, asked) = request(dice);
        let expected = simple::decide(&written, &asked);
        let outcome = evaluate(&as_read(&written), &request);
        assert_eq!(
            outcome.decision, expected,
            "seed {seed}: {} on {}\n{written:#?}\n{:?}",
            asked.action, asked.resource, outcome.missing
        );
        *tally.entry(expected).or_default() += 1;
    }
    // They are worth asking only if they differ.
    for decision in [
        Decision::Allowed,
        Decision::ImplicitDeny,
        Decision::ExplicitDeny,
    ] {
        let count = tally.get(&decision).copied().unwrap_or_default();
        assert!(count > 300, "{decision:?}: {count} of {SETS}");
    }
}
