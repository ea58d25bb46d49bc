//! Network ACLs and security groups.

use serde_json::json;

use super::super::PathVerdict::{Blocked, Partial, Reachable, Unknown};
use super::{CLIENT, check, permission, ports, proof, reference, row, rule};

const ACLS: &str = "vpc/latest/userguide/nacl-rules.html";
const GROUPS: &str = "vpc/latest/userguide/security-group-rules.html";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn network_acls() {
    let any = "0.0.0.0/0";
    let none = ("acls/1/Entries", json!([]));
    let only = |rules: Vec<_>| ("acls/1/Entries", json!(rules));
    let out = || rule(100, true, "allow", "-1", any);
    let deny = |number, protocol| ports(rule(number, false, "deny", protocol, any), 9000, 9100);
    check(
        CLIENT,
        9098,
        vec![
            row(ACLS, vec![], Reachable, &[]),
            // Nothing matches: `*` denies, both ways.
            row(ACLS, vec![none], Blocked, &["NACL-01", "NACL-02"]),
            // The lowest number decides, wherever it stands in the list.
            row(
                ACLS,
                vec![("acls/1/Entries/-", deny(50, "6"))],
                Blocked,
                &["NACL-05"],
            ),
            row(
                ACLS,
                vec![("acls/1/Entries/-", deny(150, "6"))],
                Reachable,
                &[],
            ),
            // Other protocols do not match; -1 matches whatever ports are written.
            row(
                ACLS,
                vec![("acls/1/Entries/-", deny(50, "17"))],
                Reachable,
                &[],
            ),
            row(
                ACLS,
                vec![("acls/1/Entries/-", deny(50, "1"))],
                Reachable,
                &[],
            ),
            row(
                ACLS,
                vec![("acls/1/Entries/-", deny(50, "-1"))],
                Blocked,
                &["NACL-05"],
            ),
            row(
                ACLS,
                vec![only(vec![
                    ports(rule(1, false, "allow", "6", any), 9098, 9098),
                    out(),
                ])],
                Reachable,
                &[],
            ),
            row(
                ACLS,
                vec![only(vec![
                    ports(rule(1, false, "allow", "6", any), 9099, 9199),
                    out(),
                ])],
                Blocked,
                &["NACL-01"],
            ),
            // A TCP rule without ports is about all of them.
            row(
                ACLS,
                vec![only(vec![rule(1, false, "allow", "6", any), out()])],
                Reachable,
                &[],
            ),
            // A rule for IPv6 is not about IPv4.
            row(
                ACLS,
                vec![only(vec![
                    json!({"RuleNumber": 1, "Egress": false, "RuleAction": "allow", "Protocol": "-1", "Ipv6CidrBlock": "::/0"}),
                    out(),
                ])],
                Blocked,
                &["NACL-01"],
            ),
            // Answers leave to ephemeral ports: vpc/latest/userguide/nacl-ephemeral-ports.html.
            row(
                "vpc/latest/userguide/nacl-ephemeral-ports.html",
                vec![only(vec![
                    rule(1, false, "allow", "6", any),
                    ports(rule(1, true, "allow", "6", any), 32768, 65535),
                ])],
                Partial,
                &["NACL-02"],
            ),
            row(
                ACLS,
                vec![(
                    "acls/0/Entries/1",
                    ports(rule(100, true, "allow", "6", any), 443, 443),
                )],
                Blocked,
                &["NACL-03"],
            ),
            row(
                ACLS,
                vec![(
                    "acls/0/Entries/0",
                    ports(rule(100, false, "allow", "6", any), 1024, 32767),
                )],
                Partial,
                &["NACL-04"],
            ),
        ],
    );
    let half = (
        "acls/0/Entries/0",
        ports(rule(100, false, "allow", "6", any), 1024, 32767),
    );
    let path = &proof(&[half], CLIENT, 9098).paths[0];
    assert_eq!(path.source_ports, ["1024-32767"]);
    // Inside one subnet no ACL is asked: vpc/latest/userguide/nacl-basics.html.
    check(
        "subnet:subnet-b/sg:sg-c",
        9098,
        vec![row(
            "vpc/latest/userguide/nacl-basics.html",
            vec![("acls/1/Entries", json!([]))],
            Reachable,
            &[],
        )],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn security_groups() {
    let rules = |permission| ("groups/1/IpPermissions", json!([permission]));
    let wear = |index: &'static str| (index, json!([{"GroupId": "sg-none"}]));
    let (first, second) = ("enis/0/Groups", "enis/1/Groups");
    let far = ("peerings/0/AccepterVpcInfo/Region", json!("eu-west-2"));
    let peering = "vpc/latest/peering/vpc-peering-security-groups.html";
    let change = "msk/latest/developerguide/change-security-group.html";
    check(
        CLIENT,
        9098,
        vec![
            row(
                GROUPS,
                vec![("groups/1/IpPermissions", json!([]))],
                Blocked,
                &["SG-01"],
            ),
            row(
                GROUPS,
                vec![("groups/0/IpPermissionsEgress", json!([]))],
                Blocked,
                &["SG-02"],
            ),
            row(
                GROUPS,
                vec![rules(permission("-1", 0, 0, "10.1.0.0/16"))],
                Reachable,
                &[],
            ),
            row(
                GROUPS,
                vec![rules(permission("6", 9000, 9098, "10.1.0.0/16"))],
                Reachable,
                &[],
            ),
            row(
                GROUPS,
                vec![rules(permission("udp", 9098, 9098, "10.1.0.0/16"))],
                Blocked,
                &["SG-01"],
            ),
            row(
                GROUPS,
                vec![rules(permission("17", 9098, 9098, "10.1.0.0/16"))],
                Blocked,
                &["SG-01"],
            ),
            row(
                GROUPS,
                vec![rules(permission("tcp", 9094, 9094, "10.1.0.0/16"))],
                Blocked,
                &["SG-06"],
            ),
            row(
                GROUPS,
                vec![rules(permission("tcp", 9198, 9198, "10.1.0.0/16"))],
                Blocked,
                &["SG-06"],
            ),
            row(
                GROUPS,
                vec![rules(permission("tcp", 9098, 9098, "10.1.1.0/25"))],
                Partial,
                &["SG-11"],
            ),
            row(GROUPS, vec![rules(reference("sg-c"))], Reachable, &[]),
            row(
                peering,
                vec![rules(reference("sg-c")), far],
                Blocked,
                &["SG-05"],
            ),
            row(
                peering,
                vec![rules(reference("sg-gone"))],
                Blocked,
                &["SG-07"],
            ),
            row(change, vec![wear(first)], Blocked, &["SG-04"]),
            row(change, vec![wear(first), wear(second)], Blocked, &["SG-03"]),
            // What a group allows is the sum of its rules, and those of all groups.
            row(
                GROUPS,
                vec![(first, json!([{"GroupId": "sg-none"}, {"GroupId": "sg-b"}]))],
                Reachable,
                &[],
            ),
            // A prefix list that nobody knows.
            row(
                GROUPS,
                vec![rules(
                    json!({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}]}),
                )],
                Unknown,
                &[],
            ),
        ],
    );
    // One of two subnets is covered.
    check(
        "subnet:subnet-c2,subnet-c/sg:sg-c",
        9098,
        vec![row(
            GROUPS,
            vec![rules(permission("tcp", 9098, 9098, "10.1.1.0/24"))],
            Blocked,
            &["SG-11"],
        )],
    );
}
