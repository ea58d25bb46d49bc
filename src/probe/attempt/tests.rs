use super::*;
use crate::probe::certificate::Judgement;

const METER: Meter = Meter {
    start_us: 10,
    duration_us: 5,
    bytes_out: 1,
    bytes_in: 2,
};

fn plan() -> Plan {
    Plan {
        broker: Endpoint::new("b-1.example", 9098),
        address: SocketAddr::from(([10, 0, 0, 1], 9098)),
        purpose: Purpose::Bootstrap,
        tls: true,
        mechanism: Some("OAUTHBEARER".to_owned()),
        framing: Framing::SaslAuthenticate,
        until: Phase::Metadata,
        topic: None,
        group: None,
        transactional_id: None,
        send_credentials_anyway: false,
        knobs: Knobs::default(),
    }
}

fn bearer() -> Login {
    Login::OauthBearer(crate::sasl::msk_iam::Token::from_text("token".to_owned()))
}

fn tls(verified: bool) -> Box<TlsDetail> {
    let good = Judgement::Good { by: None };
    let name = if verified {
        good.clone()
    } else {
        Judgement::Bad {
            because: "another name".to_owned(),
        }
    };
    Box::new(TlsDetail {
        certificate: Some(CertificateJudgement {
            chain: Vec::new(),
            trust: good.clone(),
            name,
            dates: good.clone(),
            usage: good,
            issuer_is_amazon: true,
        }),
        ..TlsDetail::default()
    })
}

/// Answers of Apache Kafka 3.9, the correlation id in front.
fn frame(correlation: i32, body: &str) -> Input {
    let mut bytes = correlation.to_be_bytes().to_vec();
    let body: String = body.split_whitespace().collect();
    let pairs = (0..body.len()).step_by(2);
    bytes.extend(pairs.filter_map(|i| u8::from_str_radix(&body[i..i + 2], 16).ok()));
    Input::Frame(bytes)
}

/// Metadata 0-12, `SaslHandshake` 0-1, `SaslAuthenticate` 0-2, in the form of version 3.
const VERSIONS: &str = "0000 04 0003 0000 000c 00 0011 0000 0001 00 0024 0000 0002 00 00000000 00";
const OFFERED: &str = "0000 00000001 000b 4f41555448424541524552";

fn feed(plan: Plan, inputs: Vec<Input>) -> (Observation, Vec<Effect>) {
    let (mut attempt, first) = Attempt::start(plan, Vec::new());
    let mut effects = vec![first];
    for input in inputs {
        let effect;
        (attempt, effect) = attempt.on(input, METER);
        effects.push(effect);
    }
    (attempt.into_observation(), effects)
}

fn up_to_login(verified: bool) -> Vec<Input> {
    vec![
        Input::Connect(End::Answered, ConnectDetail::default()),
        Input::Secure(End::Answered, tls(verified)),
        frame(1, VERSIONS),
        frame(2, OFFERED),
    ]
}

#[test]
fn a_refusal_in_words_ends_the_attempt() {
    let mut inputs = up_to_login(true);
    inputs.push(Input::Credential(Some(bearer())));
    inputs.push(frame(3, "003a 0003 6e6f21 00000000 0000000000000000"));
    let (observation, effects) = feed(plan(), inputs);
    let login = observation.login().expect("a login");
    assert_eq!(
        (login.error_code, login.error_message.as_deref()),
        (58, Some("no!"))
    );
    assert_eq!(effects.last(), Some(&Effect::Close));
    let phases: Vec<Phase> = observation.phases.iter().map(|r| r.phase).collect();
    assert_eq!(phases, Phase::ALL[1..6]);
}

#[test]
fn no_credential_goes_to_a_broker_that_was_not_verified() {
    let (observation, effects) = feed(plan(), up_to_login(false));
    assert_eq!(observation.stopped, Some(Stop::UnverifiedBroker));
    assert!(!effects.contains(&Effect::Credential));
    let anyway = Plan {
        send_credentials_anyway: true,
        ..plan()
    };
    let (_, effects) = feed(anyway, up_to_login(false));
    assert_eq!(effects.last(), Some(&Effect::Credential));
}

#[test]
fn an_older_broker_is_asked_again_in_the_same_phase() {
    let inputs = vec![
        Input::Connect(End::Answered, ConnectDetail::default()),
        Input::Secure(End::Answered, tls(true)),
        frame(1, "0023 00000000"),
        frame(2, "0000 00000001 0003 0000 0001"),
    ];
    let (observation, effects) = feed(plan(), inputs);
    let record = observation.phase(Phase::ApiVersions).expect("a record");
    assert_eq!((record.end, record.bytes_in), (End::Answered, 4));
    // It does not frame tokens: SaslHandshake v0 follows.
    let Some(Effect::Exchange(request)) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!(request[4..8], [0, 17, 0, 0]);
}

#[test]
fn an_alert_after_the_handshake_belongs_to_tls() {
    let inputs = vec![
        Input::Connect(End::Answered, ConnectDetail::default()),
        Input::Secure(End::Answered, tls(true)),
        Input::Lost(
            End::TlsAlert,
            Lost {
                alert: Some("certificate_required".to_owned()),
                ..Lost::default()
            },
        ),
    ];
    let (observation, _) = feed(plan(), inputs);
    let failure = observation.failure().expect("a failure");
    assert_eq!((failure.phase, failure.end), (Phase::Tls, End::TlsAlert));
    let alert = observation.tls().and_then(|tls| tls.alert_received.clone());
    assert_eq!(alert.as_deref(), Some("certificate_required"));
}

#[test]
fn a_json_challenge_is_answered_with_one_byte() {
    let mut inputs = up_to_login(true);
    inputs.push(Input::Credential(Some(bearer())));
    inputs.push(frame(3, "0000 0000 00000002 7b7d 0000000000000000"));
    let (_, effects) = feed(plan(), inputs);
    let Some(Effect::Exchange(request)) = effects.last() else {
        panic!("{effects:?}")
    };
    assert_eq!(request[request.len() - 5..], [0, 0, 0, 1, 1]);
}

#[test]
fn the_words_after_a_challenge_are_read_in_the_version_asked_for() {
    // SaslAuthenticate 0-0 and 0-1; version 0 has no session lifetime.
    let rows = [
        (
            "0000",
            "0000 0000 00000002 7b7d",
            "003a 0003 6e6f21 00000000",
        ),
        (
            "0001",
            "0000 0000 00000002 7b7d 0000000000000000",
            "003a 0003 6e6f21 00000000 0000000000000000",
        ),
    ];
    for (max, challenge, refusal) in rows {
        let versions = VERSIONS.replace("0024 0000 0002", &format!("0024 0000 {max}"));
        let mut inputs = up_to_login(true);
        inputs[2] = frame(1, &versions);
        inputs.push(Input::Credential(Some(bearer())));
        inputs.push(frame(3, challenge));
        inputs.push(frame(4, refusal));
        let (observation, _) = feed(plan(), inputs);
        let login = observation.login().expect("a login");
        assert_eq!(
            (login.error_code, login.error_message.as_deref()),
            (58, Some("no!")),
            "version {max}"
        );
    }
}

#[test]
fn silence_and_closes_are_kept_apart_in_every_phase() {
    for end in [
        End::Fin,
        End::Rst,
        End::Silence,
        End::Incomplete,
        End::Cancelled,
    ] {
        for answered in 2..=4 {
            let mut inputs = up_to_login(true);
            inputs.truncate(answered);
            if answered == 4 {
                inputs.push(Input::Credential(Some(bearer())));
            }
            inputs.push(Input::Lost(end, Lost::default()));
            let (observation, effects) = feed(plan(), inputs);
            assert_eq!(observation.failure().map(|r| r.end), Some(end));
            assert_eq!(observation.phases.len(), answered + 1);
            assert_eq!(effects.last(), Some(&Effect::Close));
        }
    }
}
