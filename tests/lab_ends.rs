//! Where the lab ends connections without an answer, what it says of topics, and a listener that does
//! not frame tokens: met by the client of `lab_wire.rs`.

#[path = "lab/client.rs"]
#[allow(dead_code, reason = "shared with lab_wire.rs, which needs the rest")]
mod client;

use std::time::Duration;

use client::{
    CLIENT, Client, End, OFFERED, Running, authenticate, handshake, hex, logged_in, message, offer,
    offer_bare, quick, request, start, start_with, try_connect, with_names,
};
use msk_doctor::lab::{LabConfig, Schedule};

/// What is not there by then is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// The last request, to which there is no answer.
enum At {
    Versions,
    Handshake,
    Metadata,
}

fn versions() -> Vec<u8> {
    request(18, 0, 5, &hex(CLIENT))
}

/// `Metadata` v3 of `topics`, in hexadecimal.
fn metadata(topics: &str) -> Vec<u8> {
    request(3, 3, 9, &hex(&format!("{CLIENT} {topics}")))
}

/// A connection that has just asked what is not answered.
fn asked(lab: &Running, broker: usize, at: &At) -> Client {
    match at {
        At::Versions => {
            let mut client = Client::connect(lab, broker);
            client.send(&versions());
            client
        }
        At::Handshake => {
            let mut client = Client::connect(lab, broker);
            client.send(&versions());
            assert_eq!(client.frame()[4..10], hex("00000005 0000")[..]);
            client.send(&handshake(1));
            client
        }
        At::Metadata => {
            let mut client = logged_in(lab, broker);
            client.send(&metadata("00000000"));
            client
        }
    }
}

#[test]
fn connections_end_at_each_request_as_the_real_ones_do() {
    let rows = [
        ("NET-03-api-versions", At::Versions, End::Reset),
        ("CLU-02-api-versions", At::Versions, End::NotifiedFin),
        ("LIM-07-api-versions", At::Versions, End::NotifiedFin),
        ("NET-03-sasl-handshake", At::Handshake, End::Reset),
        ("CLU-02-sasl-handshake", At::Handshake, End::NotifiedFin),
        ("LIM-07-sasl-handshake", At::Handshake, End::NotifiedFin),
        ("NET-03-metadata", At::Metadata, End::Reset),
        ("CLU-02-metadata", At::Metadata, End::NotifiedFin),
        ("LIM-07-metadata", At::Metadata, End::NotifiedFin),
        ("SASL-18", At::Metadata, End::NotifiedFin),
    ];
    for (code, at, end) in rows {
        let lab = start(&[code]);
        let wanted = (vec![], end);
        assert_eq!(asked(&lab, 2, &at).end(PATIENCE), wanted, "{code}");
        let mut first = asked(&lab, 0, &at);
        if code.starts_with("CLU-02") {
            // One broker at a time: the others answer.
            assert!(first.frame().len() > 8, "{code}");
        } else {
            assert_eq!(first.end(PATIENCE), wanted, "{code}");
        }
    }
}

#[test]
fn an_end_at_metadata_comes_without_a_login_as_well() {
    let lab = start(&["NET-03-metadata", "SASL-27"]);
    let mut client = Client::connect(&lab, 0);
    client.send(&metadata("00000000"));
    assert_eq!(client.end(PATIENCE), (vec![], End::Reset));
}

#[test]
fn a_proxy_that_is_trusted_resets_what_is_not_http() {
    let lab = start(&["TLS-12-trusted"]);
    let mut client = Client::connect(&lab, 0);
    let chain = client.stream.conn.peer_certificates().expect("a chain");
    let issuer = b"Example Corp TLS Inspection M01";
    assert!(chain[0].windows(issuer.len()).any(|bytes| bytes == issuer));
    client.send(&versions());
    assert_eq!(client.end(PATIENCE), (vec![], End::Reset));
    assert_eq!(lab.ca_pem().matches("BEGIN CERTIFICATE").count(), 2);
    // One that passes Kafka is no fault.
    let lab = start(&["listener-proxy"]);
    let client = logged_in(&lab, 0);
    let chain = client.stream.conn.peer_certificates().expect("a chain");
    assert!(chain[0].windows(issuer.len()).any(|bytes| bytes == issuer));
    // Its root is the company's own: without the fault it is not there.
    let lab = start(&[]);
    assert_eq!(lab.ca_pem().matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn a_listener_that_does_not_frame_tokens() {
    let lab = start(&["SASL-07"]);
    let mut client = Client::connect(&lab, 0);
    client.send(&versions());
    client.expect("00000040 00000005 0000 00000009 0000 0003 0008 0001 0004 000b 0002 0001 0005 0003 0000 000c 000a 0000 0003 000f 0000 0004 0011 0000 0000 0012 0000 0004 0016 0000 0004");
    client.send(&handshake(1));
    client.expect_close();
    let token = message(&lab.token());
    offer_bare(&lab, &token).expect("00000000");
    // There is no SaslAuthenticate: its frame is taken for a token, and Kafka's parser reads none.
    let mut client = Client::connect(&lab, 0);
    client.send(&handshake(0));
    client.expect(OFFERED);
    client.send(&authenticate(1, &token));
    client.expect_close();
    // A refusal has no words.
    let lab = start(&["SASL-07", "IAM-01"]);
    offer_bare(&lab, &token).expect_close();
    let lab = start(&["SASL-07", "NET-03"]);
    assert_eq!(offer_bare(&lab, &token).end(PATIENCE), (vec![], End::Reset));
}

#[test]
fn topics_are_described_with_their_errors() {
    const LAB: &str = "00000001 0003 \"lab\"";
    let ends = |codes: &[&str], topics: &str, wanted: &str| {
        let lab = start(codes);
        let mut client = if codes.contains(&"IAM-18") {
            Client::connect(&lab, 0)
        } else {
            logged_in(&lab, 0)
        };
        client.send(&metadata(topics));
        let answer = client.frame();
        assert!(answer.ends_with(&hex(wanted)), "{codes:?}: {answer:02x?}");
    };
    let partition = |index: u8, error: u8, leader: &str| {
        let id = format!("000000{:02x}", index + 1);
        format!("00{error:02x} 000000{index:02x} {leader} 00000001 {id} 00000001 {id}")
    };
    let led = |first: &str, error| {
        let [one, two, three] = [
            partition(0, error, first),
            partition(1, 0, "00000002"),
            partition(2, 0, "00000003"),
        ];
        format!("00000001 0000 0003 \"lab\" 00 00000003 {one} {two} {three}")
    };
    ends(&[], LAB, &led("00000001", 0));
    ends(&["CLU-04"], LAB, &led("ffffffff", 5));
    for code in ["IAM-10", "IAM-18"] {
        ends(&[code], LAB, "00000001 001d 0003 \"lab\" 00 00000000");
        // Whether it exists is not said either, and who asks for all is told of none.
        let gone = "00000001 0004 \"gone\"";
        ends(&[code], gone, "00000001 001d 0004 \"gone\" 00 00000000");
        ends(&[code], "ffffffff", "00000001 00000000");
    }
    let no_name = "00000001 0003 \"a b\"";
    ends(&[], no_name, "00000001 0011 0003 \"a b\" 00 00000000");
}

#[test]
fn a_clusters_name_is_in_its_brokers_names() {
    let config = LabConfig {
        cluster: "orders.x1y2z3.c7".to_owned(),
        ..with_names()
    };
    let lab = start_with(&[], config);
    let name = "b-2.orders.x1y2z3.c7.kafka.eu-west-1.amazonaws.com";
    assert_eq!(lab.brokers()[1].name, name);
    assert!(lab.bootstrap().contains(name));
    assert!(try_connect(&lab, 1, name).is_ok(), "the certificate");
    let answer = offer(&lab, 1).frame();
    assert_eq!(answer[8..10], [0, 0], "the login");
}

#[test]
fn clusters_of_other_seeds_have_other_ids() {
    let ids = [1, 2, 3].map(|seed| {
        let lab = start_with(&[], LabConfig { seed, ..quick() });
        let mut client = logged_in(&lab, 0);
        client.send(&metadata("00000000"));
        let answer = client.frame();
        // Before it the brokers, after it the controller and no topics.
        let id = &answer[answer.len() - 30..answer.len() - 8];
        assert_eq!(answer[answer.len() - 32..answer.len() - 30], [0, 22]);
        String::from_utf8(id.to_vec()).expect("base64")
    });
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
}

/// How a login at the first broker ends: with what error.
fn login(lab: &Running) -> u8 {
    let answer = offer(lab, 0).frame();
    assert_eq!(answer[8], 0, "{answer:?}");
    answer[9]
}

fn scheduled(schedule: Schedule) -> LabConfig {
    LabConfig {
        schedule,
        ..quick()
    }
}

#[test]
fn the_first_connections_are_served_well_where_that_is_wanted() {
    let late = Schedule {
        after: 2,
        ..Schedule::default()
    };
    let lab = start_with(&["IAM-01"], scheduled(late));
    let found: Vec<u8> = (0..4).map(|_| login(&lab)).collect();
    assert_eq!(found, [0, 0, 58, 58]);
}

#[test]
fn a_share_of_the_connections_meets_the_fault() {
    let half = Schedule {
        share: 0.5,
        ..Schedule::default()
    };
    let lab = start_with(&["IAM-01"], scheduled(half));
    let denied = (0..40).filter(|_| login(&lab) == 58).count();
    // By chance, and the same at each start: the seed is.
    assert!((10..=30).contains(&denied), "{denied}");
    let again = start_with(&["IAM-01"], scheduled(half));
    assert_eq!((0..40).filter(|_| login(&again) == 58).count(), denied);
}

#[test]
fn late_answers_come_all_the_same() {
    let slow = Schedule {
        delay: Duration::from_millis(30),
        ..Schedule::default()
    };
    let lab = start_with(&[], scheduled(slow));
    for _ in 0..5 {
        assert_eq!(login(&lab), 0);
    }
}

#[test]
fn faults_are_made_together() {
    let lab = start(&["LIM-01@1", "CLU-09", "TCP-02@2"]);
    assert_eq!(login(&lab), 58);
    let mut third = logged_in(&lab, 2);
    third.send(&metadata("00000000"));
    // A ghost makes four.
    assert_eq!(third.frame()[12..16], hex("00000004")[..]);
    let second = lab.brokers()[1].address;
    assert!(std::net::TcpStream::connect(second).is_err());
}
