//! How the lab's conversations begin, go on and end, met by a client of its own: standard sockets, rustls and bytes written by hand. The bytes are
//! those that stock brokers of Kafka 3.9 and 4.4 were seen to send.

#[path = "lab/client.rs"]
mod client;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use client::{
    CLIENT, Client, End, OFFERED, Running, authenticate, handshake, hex, logged_in, message, offer,
    offer_as, offer_bare, plain, quick, read_end, request, start, start_with, try_connect,
    with_names,
};
use msk_doctor::lab::{FaultSpec, LAB_FAULTS, LAB_VARIANTS, LabConfig, LoginRate};
use rustls::{AlertDescription, CertificateError, Error};

/// What says nothing within this time is silent.
const SILENCE: Duration = Duration::from_millis(300);
/// What is not there by then is a failure.
const PATIENCE: Duration = Duration::from_secs(20);
/// `Metadata` v3 of no topics: throttle time, brokers as `id host port`, cluster id.
fn metadata(client: &mut Client) -> (u32, Vec<String>, String) {
    client.send(&request(3, 3, 9, &hex(&format!("{CLIENT} 00000000"))));
    let answer = client.frame();
    let mut rest = &answer[8..];
    let throttle = number(take(&mut rest, 4));
    let count = number(take(&mut rest, 4));
    let brokers = (0..count)
        .map(|_| {
            let id = number(take(&mut rest, 4));
            let host = string(&mut rest);
            let port = number(take(&mut rest, 4));
            assert_eq!(take(&mut rest, 2), [0xff, 0xff], "no rack");
            format!("{id} {host} {port}")
        })
        .collect();
    (throttle, brokers, string(&mut rest))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(count);
    *rest = after;
    taken
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
}

fn string(rest: &mut &[u8]) -> String {
    let length = usize::try_from(number(take(rest, 2))).expect("short");
    String::from_utf8(take(rest, length).to_vec()).expect("UTF-8")
}

/// Asserts that the next frame is `before`, `[uuid]: words`, `after`.
fn expect_refusal(client: &mut Client, before: &str, words: &str, after: &str) {
    let answer = client.frame();
    let (before, after) = (hex(before), hex(after));
    assert_eq!(answer[..before.len()], before[..]);
    let text = &answer[before.len()..answer.len() - after.len()];
    assert_eq!(answer[answer.len() - after.len()..], after[..]);
    let text = std::str::from_utf8(text).expect("UTF-8");
    let (id, said) = text.split_once("]: ").expect("an id and a text");
    assert!(id.starts_with('[') && id.len() == 37, "{text}");
    assert_eq!(said, words);
}

/// Asserts error 58 with `words` in the form of version 1, `close_notify`, FIN.
fn expect_58(client: &mut Client, words: &str) {
    let text = 40 + words.len();
    let before = format!("{:08x} 00000002 003a {text:04x}", text + 20);
    expect_refusal(client, &before, words, "00000000 0000000000000000");
    client.expect_close();
}

#[test]
fn a_bare_token_is_answered_by_an_empty_frame() {
    let lab = start(&[]);
    let mut client = offer_bare(&lab, &message(&lab.token()));
    client.expect("00000000");
    let (throttle, brokers, _) = metadata(&mut client);
    assert_eq!(throttle, 0);
    let listed: Vec<String> = lab
        .brokers()
        .iter()
        .map(|broker| format!("{} 127.0.0.1 {}", broker.id, broker.address.port()))
        .collect();
    assert_eq!(brokers, listed);
    assert_eq!(lab.bootstrap().split(',').count(), 3);
}

#[test]
fn a_good_login_has_the_bytes_of_its_version() {
    let lab = start(&[]);
    let token = message(&lab.token());
    offer_as(&lab, 0, 0, &token).expect("0000000c 00000002 0000 0000 00000000");
    let rows = [
        (1, "00000014 00000002 0000 0000 00000000", ""),
        (2, "00000012 00000002 00 0000 01 01", "00"),
    ];
    for (version, before, after) in rows {
        let answer = offer_as(&lab, 0, version, &token).frame();
        let (before, after) = (hex(before), hex(after));
        let session = &answer[before.len()..answer.len() - after.len()];
        assert_eq!(answer[..before.len()], before[..]);
        assert!(answer.ends_with(&after));
        // The rest of the token, in milliseconds.
        let ms = u64::from_be_bytes(session.try_into().expect("eight bytes"));
        assert!((800_000..=900_000).contains(&ms), "{ms}");
    }
}

#[test]
fn a_refusal_has_the_bytes_of_its_version_and_no_words_in_a_bare_frame() {
    let lab = start(&["IAM-01"]);
    let token = message(&lab.token());
    let rows = [
        (0, "00000041 00000002 003a 0035", "00000000"),
        (
            1,
            "00000049 00000002 003a 0035",
            "00000000 0000000000000000",
        ),
        (2, "00000047 00000002 00 003a 36", "01 0000000000000000 00"),
    ];
    for (version, before, after) in rows {
        let mut client = offer_as(&lab, 0, version, &token);
        expect_refusal(&mut client, before, "Access denied", after);
        client.expect_close();
    }
    offer_bare(&lab, &token).expect_close();
}

#[test]
fn a_refusal_waits_for_its_delay() {
    let lab = start_with(&["IAM-01"], LabConfig::default());
    let token = message(&lab.token());
    let since = Instant::now();
    offer_bare(&lab, &token).expect_close();
    assert!(since.elapsed() >= Duration::from_millis(100));
    let since = Instant::now();
    expect_58(&mut offer(&lab, 0), "Access denied");
    assert!(since.elapsed() >= Duration::from_millis(100));
}

#[test]
fn tokens_that_are_not_good_here_are_denied_alike() {
    let lab = start(&[]);
    let old = lab.token_of(SystemTime::now() - Duration::from_secs(1_000));
    let future = lab.token_of(SystemTime::now() + Duration::from_secs(1_000));
    let wrong_secret = lab.token_by("not-the-secret");
    for token in [old, future, wrong_secret] {
        expect_58(&mut offer_as(&lab, 0, 1, &message(&token)), "Access denied");
    }
    let unreadable = message("bm90IGEgVVJM");
    let words = "Invalid authentication payload";
    expect_58(&mut offer_as(&lab, 0, 1, &unreadable), words);
}

#[test]
fn what_kafka_cannot_parse_gets_kafkas_words_or_none() {
    let lab = start(&[]);
    let tuple = message(&format!("('{}', 1700000000000)", lab.token()));
    let mut client = offer_as(&lab, 0, 0, &tuple);
    let words = "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER";
    let (text, all) = (words.len(), words.len() + 12);
    client.expect(&format!(
        "{all:08x} 00000002 003a {text:04x} \"{words}\" 00000000"
    ));
    client.expect_close();
    offer_bare(&lab, &tuple).expect_close();
}

#[test]
fn a_session_ends_with_its_token() {
    let lab = start(&[]);
    let token = lab.token_of(SystemTime::now() - Duration::from_secs(898));
    for framed in [true, false] {
        let mut client = if framed {
            let mut client = offer_as(&lab, 0, 1, &message(&token));
            if client.frame()[8..10] != [0, 0] {
                continue; // The token ended before it was used.
            }
            client
        } else {
            let mut client = Client::connect(&lab, 0);
            client.send(&handshake(0));
            client.expect(OFFERED);
            client.send_frame(&message(&token));
            if client.end(SILENCE) != (vec![0; 4], End::Silence) {
                continue;
            }
            client
        };
        let since = Instant::now();
        loop {
            assert!(since.elapsed() < PATIENCE, "the session did not end");
            client.send(&request(3, 1, 9, &hex(&format!("{CLIENT} 00000000"))));
            let mut first = [0; 4];
            match client.stream.read(&mut first) {
                Ok(0) => break,
                Ok(4) => client.bytes(usize::try_from(number(&first)).expect("short")),
                other => panic!("{other:?}"),
            };
        }
    }
}

#[test]
fn a_client_logs_in_again_before_its_session_ends() {
    let lab = start(&[]);
    let mut client = logged_in(&lab, 0);
    client.send(&handshake(1));
    client.expect(OFFERED);
    client.send(&authenticate(1, &message(&lab.token())));
    assert_eq!(client.frame()[..10], hex("00000014 00000002 0000")[..]);
    assert_eq!(metadata(&mut client).1.len(), 3);
}

#[test]
fn a_json_challenge_is_answered_by_one_byte() {
    let lab = start(&["SASL-06"]);
    let token = message(&lab.token());
    let json = hex("7b22737461747573223a22696e76616c69645f746f6b656e227d");
    let mut client = offer_as(&lab, 0, 1, &token);
    let answer = client.frame();
    let head = hex("0000002e 00000002 0000 0000 0000001a");
    assert_eq!(answer, [&head, &json[..], &[0; 8]].concat());
    client.send(&request(36, 1, 3, &hex(&format!("{CLIENT} 00000001 01"))));
    let answer = client.frame();
    let head = hex("0000002e 00000003 003a 001a");
    assert_eq!(answer, [&head, &json[..], &[0; 12]].concat());
    client.expect_close();

    let mut client = offer_bare(&lab, &token);
    assert_eq!(client.frame(), [&hex("0000001a"), &json[..]].concat());
    client.send(&hex("00000001 01"));
    client.expect_close();
}

#[test]
fn another_mechanism_is_refused_with_the_list() {
    let rows = [
        (
            "SASL-03",
            "0000001900000001 0021 00000001 000d \"SCRAM-SHA-512\"",
        ),
        (
            "SASL-04",
            "0000001700000001 0021 00000001 000b \"AWS_MSK_IAM\"",
        ),
        (
            "listener-scram-256",
            "0000001900000001 0021 00000001 000d \"SCRAM-SHA-256\"",
        ),
    ];
    let of_scram =
        ["listener-scram", "SASL-22", "SASL-23", "SASL-24"].map(|code| (code, rows[0].1));
    for (code, wanted) in rows.into_iter().chain(of_scram) {
        let lab = start(&[code]);
        let mut client = Client::connect(&lab, 0);
        client.send(&handshake(1));
        client.expect(wanted);
        client.expect_close();
    }
}

#[test]
fn a_listener_without_sasl_says_34_and_stays_open() {
    let lab = start(&["SASL-27"]);
    for version in [0, 1] {
        let mut client = Client::connect(&lab, 0);
        client.send(&handshake(version));
        client.expect("0000000a 00000001 0022 00000000");
        assert_eq!(metadata(&mut client).1.len(), 3);
    }
}

#[test]
fn what_is_not_allowed_after_a_login_has_its_error() {
    // FindCoordinator v1 of a group and of a transactional id, InitProducerId v0.
    let group = request(10, 1, 9, &hex(&format!("{CLIENT} 0001 \"g\" 00")));
    let transaction = request(10, 1, 9, &hex(&format!("{CLIENT} 0001 \"t\" 01")));
    let producer = request(22, 0, 9, &hex(&format!("{CLIENT} ffff 00000000")));
    let rows = [
        ("IAM-11", &group, 30),
        ("IAM-13", &transaction, 53),
        ("IAM-12", &producer, 31),
        ("CLU-18", &group, 15),
        ("CLU-18-elsewhere", &group, 0),
        ("hostile-coordinator", &group, 0),
        ("IAM-11-join", &group, 0),
        // Describing is allowed: the coordinator is told.
        ("IAM-10-describe", &group, 0),
    ];
    for (code, asked, error) in rows {
        let lab = start(&[code]);
        let mut client = logged_in(&lab, 0);
        client.send(asked);
        assert_eq!(client.frame()[12..14], [0, error], "{code}");
    }
}

#[test]
fn a_coordinator_that_does_not_serve() {
    // DescribeGroups v3 of "lab", with the operations.
    let describe = request(
        15,
        3,
        9,
        &hex(&format!("{CLIENT} 00000001 0003 \"lab\" 01")),
    );
    for (code, error) in [("CLU-18-loading", 14), ("CLU-18-moves", 16)] {
        let lab = start(&[code]);
        let mut client = logged_in(&lab, 0);
        client.send(&describe);
        // Length, correlation, throttle time, one group.
        assert_eq!(client.frame()[16..18], [0, error], "{code}");
    }
}

#[test]
fn what_a_partition_takes_and_gives() {
    const PARTITION: &str = "00000001 0003 \"lab\" 00000001 00000000";
    // Produce v3 without a batch, Fetch v4 from the start: of partition 0 of the topic `lab`.
    let produce = request(
        0,
        3,
        9,
        &hex(&format!("{CLIENT} ffff ffff 00000064 {PARTITION} ffffffff")),
    );
    let fetch = request(
        1,
        4,
        9,
        &hex(&format!(
            "{CLIENT} ffffffff 00000000 00000001 00100000 00 {PARTITION} 0000000000000000 00100000"
        )),
    );
    let rows = [
        // 87 is what Kafka says of no batch (INVALID_RECORD): it came as far as that.
        ("LIM-08", 87, 0),
        ("IAM-10-write", 29, 0),
        ("IAM-10-read", 87, 29),
        ("IAM-10-describe", 29, 29),
        ("CLU-05", 56, 0),
        ("CLU-12", 19, 0),
    ];
    for (code, written, read) in rows {
        let lab = start(&[code]);
        let mut client = logged_in(&lab, 0);
        client.send(&produce);
        assert_eq!(client.frame()[25..27], [0, written], "{code}");
        client.send(&fetch);
        assert_eq!(client.frame()[29..31], [0, read], "{code}");
    }
    // Another broker does not lead it.
    let lab = start(&[]);
    let mut client = logged_in(&lab, 1);
    client.send(&produce);
    assert_eq!(client.frame()[25..27], [0, 6]);
}

#[test]
fn words_for_tokens_that_are_refused_otherwise() {
    let rows = [
        ("SASL-05", "Invalid authentication payload"),
        (
            "SASL-09-words",
            "Signature not yet current: 20300101T120000Z is still later than 20300101T110000Z (20300101T105500Z + 5 min.)",
        ),
        (
            "SASL-13-words",
            "The security token included in the request is expired",
        ),
        ("SASL-20", "Session too short"),
        ("LIM-01", "Too many connects"),
    ];
    for (code, words) in rows {
        let lab = start(&[code]);
        expect_58(&mut offer(&lab, 0), words);
    }
    let role = "IAM.arn:aws:sts::123456789012:assumed-role/app";
    let words =
        format!("Cannot change principals during re-authentication from {role}/one: {role}/two");
    expect_58(&mut offer(&start(&["SASL-19"]), 0), &words);
}

#[test]
fn a_limit_on_logins_lets_a_patient_client_in() {
    let config = LabConfig {
        login_rate: LoginRate {
            per_second: 20.0,
            burst: 1.0,
        },
        ..quick()
    };
    let lab = start_with(&["LIM-01@1"], config);
    let since = Instant::now();
    expect_58(&mut offer(&lab, 0), "Too many connects");
    while offer(&lab, 0).frame()[8..10] != [0, 0] {
        assert!(since.elapsed() < PATIENCE, "never let in");
    }
    logged_in(&lab, 1);
}

#[test]
fn versions_are_told_once_and_a_new_one_gets_35_in_the_old_form() {
    let lab = start(&[]);
    let software = "00 02 \"x\" 02 \"1\" 00";
    for version in 0..=4 {
        let mut client = Client::connect(&lab, 0);
        let rest = if version < 3 { "" } else { software };
        client.send(&request(18, version, 5, &hex(&format!("{CLIENT} {rest}"))));
        let answer = client.frame();
        let (head, count) = if version < 3 {
            (hex("00000005 0000 0000000a"), 10)
        } else {
            (hex("00000005 0000 0b"), 11)
        };
        assert_eq!(answer[4..4 + head.len()], head[..], "v{version}");
        assert!(answer.len() > 6 * count);
        // A second time they are not asked for.
        client.send(&request(18, 0, 6, &hex(CLIENT)));
        client.expect_close();
    }
    let mut client = Client::connect(&lab, 0);
    client.send(&request(18, 5, 5, &hex(&format!("{CLIENT} {software}"))));
    client.expect("00000010 00000005 0023 00000001 0012 0000 0004");
    client.send(&request(
        18,
        3,
        6,
        &hex(&format!("{CLIENT} 00 02 \"-\" 02 \"1\" 00")),
    ));
    assert_eq!(client.frame()[4..10], hex("00000006 002a")[..]);
    client.send(&request(18, 0, 6, &hex(CLIENT)));
    assert_eq!(client.frame()[4..10], hex("00000006 0000")[..]);
}

#[test]
fn before_a_login_little_is_allowed() {
    let lab = start(&[]);
    let rest = hex(&format!("{CLIENT} 00000000"));
    let rows = [
        ("Metadata", request(3, 1, 1, &rest)),
        ("SaslAuthenticate", authenticate(1, b"x")),
        ("Produce", request(0, 9, 1, &rest)),
        ("no request", request(200, 0, 1, &[])),
        ("three bytes", hex("00000003 000300")),
        ("nothing", hex("00000000")),
        ("a negative length", hex("ffffffff")),
        ("more than 512 KiB", hex("00080001")),
    ];
    for (name, bytes) in rows {
        let mut client = Client::connect(&lab, 0);
        client.send(&bytes);
        assert_eq!(client.end(PATIENCE), (vec![], End::NotifiedFin), "{name}");
    }
    // 512 KiB are read to their end; they make no request.
    let mut client = Client::connect(&lab, 0);
    client.send_frame(&vec![0xee; 512 * 1024]);
    client.expect_close();
}

#[test]
fn after_a_login_longer_requests_are_read_and_unknown_ones_close() {
    let lab = start(&[]);
    // Metadata v1 of one topic, and a megabyte that nobody reads.
    let mut body = hex(&format!("0003 0001 00000007 {CLIENT} 00000001 0001 \"t\""));
    body.resize(1024 * 1024, 0);
    let mut client = logged_in(&lab, 0);
    client.send_frame(&body);
    assert_eq!(client.frame()[4..8], hex("00000007")[..]);
    for bytes in [request(0, 9, 1, &hex(CLIENT)), hex("06400001")] {
        let mut client = logged_in(&lab, 0);
        client.send(&bytes);
        client.expect_close();
    }
    let mut client = logged_in(&lab, 0);
    client.send(&authenticate(1, b"x"));
    assert_eq!(client.frame()[4..10], hex("00000002 0022")[..]);
}

#[test]
fn clear_text_on_a_tls_port_gets_an_alert() {
    let lab = start(&[]);
    let mut socket = plain(lab.address(0));
    socket.write_all(&handshake(1)).expect("written");
    let alert = hex("15 03 03 00 02 02 50");
    assert_eq!(read_end(&mut socket, PATIENCE), (alert, End::Fin));
}

#[test]
fn tls_on_a_clear_text_port_gets_fin() {
    let lab = start(&["TLS-02"]);
    assert_eq!(after_hello(&lab), (vec![], End::Fin));
    let mut socket = plain(lab.address(0));
    socket.write_all(&handshake(1)).expect("written");
    let mut answer = [0; 14];
    socket.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer[..], hex("0000000a 00000001 0022 00000000"));
}

/// What comes after something like a `ClientHello`: a record of 8 bytes.
fn after_hello(lab: &Running) -> (Vec<u8>, End) {
    let mut socket = plain(lab.address(0));
    socket
        .write_all(&hex("16 03 01 00 08 01 00 00 04 03 03 00 00"))
        .expect("written");
    read_end(&mut socket, PATIENCE)
}

#[test]
fn what_is_disliked_in_a_hello_ends_it() {
    let offers_13 = hex("00 2b 00 05 04 03 04 03 03");
    let rows = [
        ("TLS-06-intolerant", &offers_13[..], End::Fin),
        ("NET-03-name", b"b-1.demo.amazonaws.com", End::Reset),
    ];
    for (code, disliked, end) in rows {
        let lab = start(&[code]);
        let mut socket = plain(lab.address(0));
        let length = u16::try_from(disliked.len()).expect("short").to_be_bytes();
        let hello = [&[0x16, 3, 1][..], &length, disliked].concat();
        socket.write_all(&hello).expect("written");
        assert_eq!(read_end(&mut socket, PATIENCE), (vec![], end), "{code}");
    }
}

#[test]
fn a_hello_of_two_packets_is_not_answered() {
    let lab = start(&["TLS-13"]);
    // A small one is judged: this one is cut short, and no ClientHello.
    assert_eq!(after_hello(&lab).0[..1], [0x15]);
    let mut socket = plain(lab.address(0));
    socket
        .write_all(&[&[0x16, 3, 1, 0x05, 0xdc][..], &[0; 1500]].concat())
        .expect("written");
    assert_eq!(read_end(&mut socket, SILENCE), (vec![], End::Silence));
}

#[test]
fn a_policy_that_comes_to_the_brokers_late() {
    let lab = start(&["IAM-09"]);
    expect_58(&mut offer(&lab, 0), "Access denied");
    metadata(&mut logged_in(&lab, 0));
}

#[test]
fn what_is_not_tls_answers_in_its_own_words() {
    let rows = [
        ("TCP-04", "", End::Fin),
        ("TCP-04-rst", "", End::Reset),
        ("TLS-06", "\u{15}\u{3}\u{1}\0\u{2}\u{2}F", End::Fin),
        ("TLS-06-cipher", "\u{15}\u{3}\u{3}\0\u{2}\u{2}(", End::Fin),
        ("NET-04", "HTTP/1.1 400 Bad Request\r\n", End::Fin),
        ("NET-11", "SSH-2.0-OpenSSH_9.6\r\n", End::Fin),
    ];
    for (code, words, end) in rows {
        let lab = start(&[code]);
        let (bytes, ended) = after_hello(&lab);
        assert!(bytes.starts_with(words.as_bytes()), "{code}: {bytes:02x?}");
        assert_eq!(bytes.is_empty(), words.is_empty(), "{code}");
        assert_eq!(ended, end, "{code}");
    }
    // sshd speaks first.
    let lab = start(&["NET-11"]);
    let mut banner = [0; 8];
    plain(lab.address(0))
        .read_exact(&mut banner)
        .expect("a banner");
    assert_eq!(&banner, b"SSH-2.0-");
}

#[test]
fn limits_on_connections_close_without_reading() {
    let lab = start(&["LIM-04"]);
    assert_eq!(
        read_end(&mut plain(lab.address(0)), PATIENCE),
        (vec![], End::Fin)
    );
    let lab = start(&["LIM-04-second"]);
    metadata(&mut logged_in(&lab, 0));
    assert_eq!(
        read_end(&mut plain(lab.address(0)), PATIENCE),
        (vec![], End::Fin)
    );
    let config = || LabConfig {
        throttle_delay: Duration::from_millis(200),
        ..quick()
    };
    let lab = start_with(&["LIM-05"], config());
    let since = Instant::now();
    assert_eq!(
        read_end(&mut plain(lab.address(0)), PATIENCE),
        (vec![], End::Fin)
    );
    assert!(since.elapsed() >= Duration::from_millis(200));
    // Bytes that nobody read make the kernel answer with RST, as under Kafka's own acceptor.
    assert_eq!(after_hello(&lab), (vec![], End::Reset));
    // Held as they are, until one comes after a pause.
    let lab = start_with(&["LIM-05-lone"], config());
    assert_eq!(after_hello(&lab), (vec![], End::Reset));
    let since = Instant::now();
    while after_hello(&lab).0.is_empty() {
        assert!(since.elapsed() < PATIENCE);
    }
    assert_eq!(after_hello(&lab), (vec![], End::Reset));
}

#[test]
fn a_backlog_that_nobody_empties_is_silent() {
    for code in ["TCP-05", "LIM-06"] {
        let lab = start(&[code]);
        let mut socket = plain(lab.address(0));
        socket.write_all(&[0x16, 3, 1, 0, 0]).expect("written");
        assert_eq!(
            read_end(&mut socket, SILENCE),
            (vec![], End::Silence),
            "{code}"
        );
    }
}

#[test]
fn a_port_without_a_listener_refuses_and_is_nobody_elses() {
    let lab = start(&["TCP-02"]);
    for broker in lab.brokers() {
        let refused = TcpStream::connect(broker.address).expect_err("refused");
        assert_eq!(refused.raw_os_error(), Some(libc::ECONNREFUSED));
        assert!(TcpListener::bind(broker.address).is_err());
    }
}

#[test]
fn certificates_are_wrong_in_one_thing_each() {
    let unknown = CertificateError::UnknownIssuer;
    for code in ["TLS-03", "TLS-12"] {
        let lab = start(&[code]);
        let name = lab.brokers()[0].name.clone();
        let error = try_connect(&lab, 0, &name).err();
        assert_eq!(
            error,
            Some(Error::InvalidCertificate(unknown.clone())),
            "{code}"
        );
    }
    let of = |code: &str, name: Option<&str>| {
        let lab = start(&[code]);
        let own = lab.brokers()[0].name.clone();
        try_connect(&lab, 0, name.unwrap_or(&own)).map(|_| ())
    };
    let other = "other.example.com";
    assert!(matches!(
        of("TLS-05", None),
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForNameContext { .. }
        ))
    ));
    assert_eq!(of("TLS-05", Some(other)), Ok(()));
    assert!(matches!(
        of("TLS-14", None),
        Err(Error::InvalidCertificate(
            CertificateError::ExpiredContext { .. }
        ))
    ));
    // A good one holds for the name, for localhost and for the address.
    let lab = start(&[]);
    for name in ["localhost", "127.0.0.1", &lab.brokers()[2].name] {
        let client = try_connect(&lab, 2, name).expect("a handshake");
        let chain = client.stream.conn.peer_certificates().expect("a chain");
        assert_eq!(chain.len(), 2, "leaf and intermediate");
    }
}

#[test]
fn a_missing_client_certificate_is_refused_after_the_handshake() {
    let lab = start(&["TLS-07"]);
    let mut client = Client::connect(&lab, 0);
    client.send(&handshake(1));
    let error = client.stream.read(&mut [0; 64]).expect_err("an alert");
    let inner = error.into_inner().expect("an error of TLS");
    let inner = inner.downcast::<Error>().expect("of rustls");
    let alert = AlertDescription::CertificateRequired;
    assert_eq!(*inner, Error::AlertReceived(alert));
}

#[test]
fn tokens_get_lost_without_words() {
    let rows = [
        ("SASL-26", End::Silence),
        ("NET-03", End::Reset),
        ("NET-03-fin", End::Fin),
        ("CLU-02@1", End::NotifiedFin),
        ("LIM-07", End::NotifiedFin),
    ];
    for (code, wanted) in rows {
        let lab = start(&[code]);
        let token = message(&lab.token());
        let within = if wanted == End::Silence {
            SILENCE
        } else {
            PATIENCE
        };
        let wanted = (vec![], wanted);
        assert_eq!(offer(&lab, 0).end(within), wanted, "{code}");
        assert_eq!(offer_bare(&lab, &token).end(within), wanted, "{code}");
    }
}

#[test]
fn a_saturated_broker_is_silent_after_tls() {
    let lab = start(&["CLU-06"]);
    let mut client = Client::connect(&lab, 0);
    client.send(&request(18, 0, 5, &hex(CLIENT)));
    client.expect_silence(SILENCE);
}

#[test]
fn metadata_tells_who_is_there() {
    let lab = start(&["CLU-03"]);
    let refused = TcpStream::connect(lab.address(2)).expect_err("down");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(metadata(&mut logged_in(&lab, 0)).1.len(), 2);

    let lab = start(&["CLU-09"]);
    let (_, brokers, _) = metadata(&mut logged_in(&lab, 0));
    assert_eq!(brokers.len(), 4);
    let port = brokers[3].strip_prefix("4 127.0.0.1 ").expect("a ghost");
    let refused = TcpStream::connect(format!("127.0.0.1:{port}")).expect_err("nobody");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let lab = start(&["CLU-08@2"]);
    let [(.., one), (.., two)] = [0, 1].map(|broker| metadata(&mut logged_in(&lab, broker)));
    assert_ne!(one, two);

    let lab = start(&["LIM-08"]);
    assert!(metadata(&mut logged_in(&lab, 0)).0 > 0);
}

#[test]
fn hostile_answers_are_what_they_say() {
    let versions = request(18, 0, 5, &hex(CLIENT));
    let answer = |code: &str, count: usize| {
        let lab = start(&[code]);
        let mut client = Client::connect(&lab, 0);
        client.send(&versions);
        client.bytes(count)
    };
    assert!(
        answer("hostile-garbage", 512)
            .iter()
            .all(|byte| *byte >= 0x80)
    );
    assert_eq!(answer("hostile-length", 8), hex("7fffffff 01020304"));
    assert_eq!(answer("hostile-drip", 2), [0, 0]);
    let endless = answer("hostile-endless", 8 * 1024 * 1024);
    assert_eq!(endless[..4], hex("00700000")[..]);
}

#[test]
fn escapes_are_in_every_string() {
    for code in ["hostile-escapes", "hostile-escapes-login"] {
        let lab = start(&[code]);
        let mut client = Client::connect(&lab, 0);
        client.send(&handshake(1));
        assert!(client.frame().contains(&0x1b), "mechanisms");
        let chain = client.stream.conn.peer_certificates().expect("a chain");
        assert!(chain[0].contains(&0x1b), "the certificate");
        client.send(&authenticate(1, &message(&lab.token())));
        let refused = client.frame();
        if code == "hostile-escapes" {
            assert!(refused.contains(&0x1b), "the refusal");
            continue;
        }
        let (_, brokers, id) = metadata(&mut client);
        assert!(id.contains('\u{1b}') && brokers[0].contains('\u{7}'));
    }
}

#[test]
fn a_fault_of_one_broker_leaves_the_others_alone() {
    let lab = start(&["IAM-01@2"]);
    logged_in(&lab, 0);
    expect_58(&mut offer(&lab, 1), "Access denied");
    logged_in(&lab, 2);
}

/// A question for `name`: id 0x1234, recursion desired.
fn question(name: &str, kind: u8) -> Vec<u8> {
    let mut bytes = hex("1234 0100 0001 0000 0000 0000");
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("short"));
        bytes.extend(label.bytes());
    }
    bytes.extend([0, 0, kind, 0, 1]);
    bytes
}

/// The answer over UDP, if there is one.
fn ask(lab: &Running, name: &str, kind: u8, within: Duration) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(within)).expect("a timeout");
    let server = lab.dns_server().expect("a DNS server");
    socket.send_to(&question(name, kind), server).expect("sent");
    let mut answer = vec![0; 1024];
    let (length, _) = socket.recv_from(&mut answer).ok()?;
    answer.truncate(length);
    Some(answer)
}

#[test]
fn names_resolve_or_fail_as_told() {
    const A: u8 = 1;
    const AAAA: u8 = 28;
    // Response code and number of answers.
    let rows = [
        (None, A, Some((0, 1))),
        (None, AAAA, Some((0, 0))),
        (Some("DNS-01@1"), A, Some((3, 0))),
        (Some("DNS-02@1"), A, Some((2, 0))),
        (Some("DNS-02-silence@1"), A, None),
        (Some("DNS-03@1"), A, Some((0, 0))),
    ];
    for (code, kind, wanted) in rows {
        let codes: Vec<&str> = code.into_iter().collect();
        let lab = start_with(&codes, with_names());
        let within = if wanted.is_none() { SILENCE } else { PATIENCE };
        let name = &lab.brokers()[0].name;
        let answer = ask(&lab, name, kind, within);
        let seen = answer.as_ref().map(|a| (a[3] & 0x0f, a[7]));
        assert_eq!(seen, wanted, "{code:?}");
        if wanted == Some((0, 1)) {
            // TTL 60, four bytes, 127.0.0.1.
            assert!(answer.is_some_and(|a| a.ends_with(&hex("0000003c 0004 7f000001"))));
        }
        let other = ask(&lab, &lab.brokers()[1].name, A, PATIENCE).expect("an answer");
        assert_eq!((other[3] & 0x0f, other[7]), (0, 1), "another broker's name");
    }
    let lab = start_with(&[], with_names());
    let unknown = ask(&lab, "b-9.nobody.example", A, PATIENCE).expect("an answer");
    assert_eq!(unknown[3] & 0x0f, 3);
    // The same over TCP, twice in a connection.
    let mut tcp = plain(lab.dns_server().expect("a DNS server"));
    for _ in 0..2 {
        let question = question(&lab.brokers()[0].name, A);
        let length = u16::try_from(question.len()).expect("short");
        tcp.write_all(&[&length.to_be_bytes()[..], &question].concat())
            .expect("written");
        let mut length = [0; 2];
        tcp.read_exact(&mut length).expect("a length");
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        tcp.read_exact(&mut answer).expect("an answer");
        assert_eq!((answer[3] & 0x0f, answer[7]), (0, 1));
    }
}

#[test]
fn real_names_are_advertised_where_they_can_be_resolved() {
    let lab = start_with(&[], with_names());
    let port = lab.address(1).port();
    let name = "b-2.demo.abc123.c2.kafka.eu-west-1.amazonaws.com";
    assert!(lab.bootstrap().contains(&format!("{name}:{port}")));
    assert_eq!(lab.resolve_entries()[1], format!("{name}:{port}:127.0.0.1"));
    assert_eq!(
        metadata(&mut logged_in(&lab, 0)).1[1],
        format!("2 {name} {port}")
    );
}

#[test]
fn noise_of_a_client_panics_nobody() {
    let lab = start(&[]);
    let mut seed = 0x1234_5678_9abc_def0_u64;
    for length in 0..60 {
        let noise: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                seed.to_be_bytes()[0]
            })
            .collect();
        let mut client = Client::connect(&lab, 0);
        client.send_frame(&[&[0, 18, 0, 3][..], &noise].concat());
        client.stream.conn.send_close_notify();
        client.stream.flush().expect("flushed");
        client.end(PATIENCE);
        let mut client = logged_in(&lab, 0);
        client.send_frame(
            &[
                &[0, 3, 0, u8::try_from(length % 13).expect("small")][..],
                &noise,
            ]
            .concat(),
        );
        client.stream.conn.send_close_notify();
        client.stream.flush().expect("flushed");
        client.end(PATIENCE);
        plain(lab.address(0)).write_all(&noise).expect("written");
    }
    assert_eq!(lab.connection_panics(), 0);
}

#[test]
fn a_fault_of_a_broker_that_is_not_there_is_an_error() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for text in ["IAM-01@0", "IAM-01@4"] {
        let spec: FaultSpec = text.parse().expect("a fault");
        let config = LabConfig {
            faults: vec![spec],
            ..LabConfig::default()
        };
        let lab = runtime.block_on(msk_doctor::lab::Lab::start(config));
        let error = lab.err().expect("an error").to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn every_fault_is_made_in_a_test_above() {
    let tests = [include_str!("lab_wire.rs"), include_str!("lab_ends.rs")].concat();
    for (_, code, _) in LAB_FAULTS.iter().chain(LAB_VARIANTS) {
        let quoted = [format!("\"{code}\""), format!("\"{code}@")];
        assert!(quoted.iter().any(|text| tests.contains(text)), "{code}");
    }
}
