//! Rounds are counted, not timed: an account that holds a world of `tests/paths` answers each round at once.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::aws::files;
use crate::aws::snapshot::Snapshot;
use crate::target::Auth;
use crate::vpc::{From, PathVerdict, Question, World, acls, answer};

/// An account, with what it was asked so far.
struct Account {
    /// What it holds, by operation and key.
    held: BTreeMap<(&'static str, String), Value>,
    /// What was told of things that are asked for by filter, by operation.
    told: BTreeMap<String, Vec<Value>>,
    /// What feeds the function.
    mapping: Value,
}

impl Account {
    fn of(world: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/paths/worlds")
            .join(world);
        let snapshot = files::read(&folder).expect("the world");
        let mut held = BTreeMap::new();
        snapshot.scopes[0]
            .each(|call, key, answer| {
                if let Answer::Known(value) = answer {
                    held.insert((call.operation, key.to_owned()), value);
                }
            })
            .expect("plain data");
        Self {
            held,
            told: BTreeMap::new(),
            mapping: json!([]),
        }
    }

    fn held(&self, operation: &'static str, key: &str) -> Option<&Value> {
        self.held.get(&(operation, key.to_owned()))
    }

    /// The cluster's ARN.
    fn arn(&self) -> String {
        let cluster = self.held("describe-cluster-v2", "").expect("a cluster");
        let arn = cluster["ClusterInfo"]["ClusterArn"].as_str();
        arn.expect("it has an ARN").to_owned()
    }

    /// Answers one ask, in `facts`.
    fn answer(&mut self, ask: &Ask, facts: &mut Facts) {
        if let Ask::Described(kind, by, value) = ask {
            self.describe(&kind.operation(), *by, value, facts);
            return;
        }
        let listed = |arn: &Value| json!({"ClusterInfoList": [arn]});
        let (operation, key, answer) = match ask {
            Ask::VpcAttribute(vpc, name) => {
                ("describe-vpc-attribute", format!("{vpc}.{name}"), None)
            }
            Ask::PrefixList(id) => ("get-managed-prefix-list-entries", id.clone(), None),
            Ask::TransitGatewayRoutes(table) => {
                let held = self.held("search-transit-gateway-routes", table);
                (
                    "search-transit-gateway-routes",
                    table.clone(),
                    held.cloned(),
                )
            }
            Ask::Cluster(arn) => {
                let held = self.held("describe-cluster-v2", "");
                ("describe-cluster-v2", arn.clone(), held.cloned())
            }
            Ask::ClusterByName(_) => {
                let held = self.held("describe-cluster-v2", "");
                let cluster = held.map(|held| listed(&held["ClusterInfo"]));
                ("list-clusters-v2", String::new(), cluster)
            }
            Ask::Nodes(arn) => (
                "list-nodes",
                arn.clone(),
                self.held("list-nodes", "").cloned(),
            ),
            Ask::BootstrapBrokers(arn) => {
                let held = self.held("get-bootstrap-brokers", "");
                ("get-bootstrap-brokers", arn.clone(), held.cloned())
            }
            Ask::Function(name, _) => {
                let held = self.held("get-function-configuration", name);
                ("get-function-configuration", name.clone(), held.cloned())
            }
            Ask::EventSourceMappings(_) => {
                let mappings = json!({"EventSourceMappings": self.mapping});
                ("list-event-source-mappings", String::new(), Some(mappings))
            }
            Ask::BlockPublicAccess => {
                let operation = "describe-vpc-block-public-access-options";
                (operation, String::new(), self.held(operation, "").cloned())
            }
            // What the worlds do not hold: no answer, as if it were denied.
            _ => return,
        };
        let text = answer.map(|value| value.to_string());
        let answer = text.as_deref().map_or(Answer::Denied, Answer::Known);
        put(facts, operation, &files::key_of(&key), answer);
    }

    /// Things of a kind, by one value of a filter, beside those that were told before.
    fn describe(&mut self, operation: &str, by: By, value: &str, facts: &mut Facts) {
        let call = Facts::CALLS.iter().find(|call| call.operation == operation);
        let call = call.expect("a call");
        let held = self.held(call.operation, "");
        let held = held.and_then(|held| held[call.field].as_array().cloned());
        let told = self.told.entry(operation.to_owned()).or_default();
        for thing in held.unwrap_or_default() {
            if passes(&thing, by, value) && !told.contains(&thing) {
                told.push(thing);
            }
        }
        let text = json!({ call.field: told }).to_string();
        put(facts, call.operation, "", Answer::Known(&text));
    }
}

fn put(facts: &mut Facts, operation: &str, key: &str, answer: Answer<&str>) {
    let call = Facts::CALLS.iter().find(|call| call.operation == operation);
    let call = call.expect("a call");
    facts.take(call, key, answer).expect("an answer");
}

/// Whether a filter of the API lets a thing through.
fn passes(thing: &Value, by: By, value: &str) -> bool {
    let is = |place: &str, value: &str| thing.pointer(place).and_then(Value::as_str) == Some(value);
    match by {
        By::TypeInSubnet(kind) => is("/SubnetId", value) && is("/InterfaceType", kind),
        By::PeeringsOf => is("/TransitGatewayId", value) && is("/ResourceType", "peering"),
        By::Filter(name) => {
            let place = match name {
                "vpc-id" => "/VpcId",
                "subnet-id" => "/SubnetId",
                "group-id" => "/GroupId",
                "network-interface-id" => "/NetworkInterfaceId",
                "addresses.private-ip-address" => "/PrivateIpAddress",
                "requester-vpc-info.vpc-id" => "/RequesterVpcInfo/VpcId",
                "accepter-vpc-info.vpc-id" => "/AccepterVpcInfo/VpcId",
                "attachment.vpc-id" => "/Attachments/0/VpcId",
                "transit-gateway-id" => "/TransitGatewayId",
                "resource-id" => "/ResourceId",
                "nat-gateway-id" => "/NatGatewayId",
                "dhcp-options-id" => "/DhcpOptionsId",
                other => panic!("{other} is no filter that is asked for"),
            };
            is(place, value)
        }
    }
}

/// How many rounds a question takes, and the verdict on the facts that they told.
fn rounds(mut account: Account, wanted: &Wanted) -> (usize, Option<PathVerdict>) {
    let mut facts = vec![Facts {
        region: Some("eu-west-1".to_owned()),
        ..Facts::default()
    }];
    let mut asked = BTreeSet::new();
    let mut count = 0;
    loop {
        let next = round(wanted, &facts, &mut asked);
        if next.is_empty() {
            break;
        }
        count += 1;
        assert!(count < super::super::MOST_ROUNDS, "it never ends: {next:?}");
        for (scope, ask) in next {
            account.answer(&ask, &mut facts[scope]);
        }
    }
    let snapshot = Snapshot { scopes: facts };
    let acls = acls(&snapshot);
    let question = Question {
        cluster: None,
        from: From::Function {
            name: "orders".to_owned(),
            qualifier: None,
        },
        auth: Auth::Iam,
        ports: Vec::new(),
    };
    let proof = answer(&World::new(&snapshot, &acls), &question);
    (count, proof.verdict())
}

/// Function and cluster in one VPC or in peered ones: at most four rounds; a gateway's tables take at most two more.
#[test]
fn a_question_takes_few_rounds() {
    let rows = [
        ("one-vpc", 4),
        ("peered", 4),
        ("serverless", 4),
        ("transit", 6),
    ];
    for (world, most) in rows {
        let arn = Account::of(world).arn();
        let by_mapping = json!([{"UUID": "1", "EventSourceArn": arn}]);
        let ways = [
            (Some(arn.clone()), json!([])),
            (Some("demo".to_owned()), json!([])),
            (None, by_mapping),
        ];
        for (cluster, mapping) in ways {
            let wanted = Wanted {
                cluster,
                functions: vec![("orders".to_owned(), None)],
                ..Wanted::default()
            };
            let account = Account {
                mapping,
                ..Account::of(world)
            };
            let (count, verdict) = rounds(account, &wanted);
            // What was read is enough: every path is proven.
            assert_eq!(verdict, Some(PathVerdict::Reachable), "{world}: {wanted:?}");
            assert!(count <= most, "{world}: {count} rounds for {wanted:?}");
        }
    }
}

/// Nobody who is asked knows anything: what is known to be needed is asked once.
#[test]
fn an_account_that_holds_nothing_ends_the_reading() {
    let wanted = Wanted {
        cluster: Some("demo".to_owned()),
        functions: vec![("orders".to_owned(), None)],
        ..Wanted::default()
    };
    let account = Account {
        held: BTreeMap::new(),
        told: BTreeMap::new(),
        mapping: json!([]),
    };
    let (count, verdict) = rounds(account, &wanted);
    assert_eq!((count, verdict), (1, Some(PathVerdict::Unknown)));
}
