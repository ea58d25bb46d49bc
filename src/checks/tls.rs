//! TCP stands, TLS does not.

use super::{Check, needs_facts, usual};
use crate::case::Case;
use crate::catalogue as c;
use crate::diagnosis::sign::{Seen, Sign, speaks_words};
use crate::diagnosis::{Stand, Weight};
use crate::phase::Phase;
use crate::probe::observation::{Detail, End, Speaks, TcpInfo, TlsDetail};

const CLOSED: &[Sign] = &[Sign::TlsClosed];
const CLOSED_OR_CUT: &[Sign] = &[Sign::TlsClosed, Sign::TlsCut];
const SILENT: &[Sign] = &[Sign::TlsSilent];
const STALLED: &[Sign] = &[Sign::TlsSilent, Sign::TlsIncomplete];
const ALERT: &[Sign] = &[Sign::TlsAlert];
const LARGE_LOST: &[Sign] = &[Sign::LargeHelloLost];
const NOT_TLS: &[Sign] = &[Sign::NotTls];
/// Signs of a client in clear text at a TLS port.
const CLEAR: &[Sign] = &[
    Sign::ApiVersionsClosed,
    Sign::ApiVersionsSilent,
    Sign::NotKafka,
    Sign::AnswerMalformed,
];
/// Signs of TLS at a listener in clear text.
const TLS_TO_PLAIN: &[Sign] = &[
    Sign::TlsClosed,
    Sign::TlsSilent,
    Sign::NotTls,
    Sign::TlsAlert,
];

pub(super) static CHECKS: &[Check] = &[
    Check {
        fault: &c::TLS_01,
        explains: CLEAR,
        judge: plain_client,
    },
    Check {
        fault: &c::TLS_02,
        explains: TLS_TO_PLAIN,
        judge: plain_listener,
    },
    Check {
        fault: &c::NET_04,
        explains: NOT_TLS,
        judge: http,
    },
    Check {
        fault: &c::NET_11,
        explains: NOT_TLS,
        judge: another_service,
    },
    Check {
        fault: &c::TLS_07,
        explains: &[Sign::TlsAlert, Sign::TlsCut, Sign::ApiVersionsClosed],
        judge: client_certificate,
    },
    Check {
        fault: &c::TLS_11,
        explains: &[Sign::TlsAlert, Sign::TlsClosed, Sign::TlsCut],
        judge: server_name,
    },
    Check {
        fault: &c::TLS_06,
        explains: &[
            Sign::TlsAlert,
            Sign::TlsError,
            Sign::TlsClosed,
            Sign::TlsCut,
        ],
        judge: no_common_ground,
    },
    Check {
        fault: &c::LIM_05,
        explains: CLOSED,
        judge: rate_per_address,
    },
    Check {
        fault: &c::LIM_04,
        explains: CLOSED,
        judge: connections_per_address,
    },
    Check {
        fault: &c::NET_05,
        explains: STALLED,
        judge: mtu_hole,
    },
    Check {
        fault: &c::NET_03,
        explains: &[
            Sign::TlsClosed,
            Sign::TlsCut,
            Sign::TlsSilent,
            Sign::TlsIncomplete,
            Sign::TlsError,
            Sign::TlsAlert,
        ],
        judge: inspection,
    },
    Check {
        fault: &c::TCP_04,
        explains: CLOSED,
        judge: usual,
    },
    Check {
        fault: &c::TCP_05,
        explains: SILENT,
        judge: usual,
    },
    Check {
        fault: &c::LIM_06,
        explains: STALLED,
        judge: acceptor,
    },
    Check {
        fault: &c::CLU_06,
        explains: STALLED,
        judge: needs_facts,
    },
    Check {
        fault: &c::CLU_02,
        explains: CLOSED_OR_CUT,
        judge: needs_facts,
    },
    Check {
        fault: &c::NET_08,
        explains: CLOSED_OR_CUT,
        judge: needs_facts,
    },
    Check {
        fault: &c::TLS_13,
        explains: STALLED,
        judge: large_hello,
    },
    Check {
        fault: &c::TLS_13,
        explains: LARGE_LOST,
        judge: large_hello_lost,
    },
    Check {
        fault: &c::NET_05,
        explains: LARGE_LOST,
        judge: silent_alone,
    },
    Check {
        fault: &c::LIM_04,
        explains: LARGE_LOST,
        judge: ended_alone,
    },
    Check {
        fault: &c::NET_08,
        explains: LARGE_LOST,
        judge: ended_alone,
    },
    Check {
        fault: &c::CLU_02,
        explains: LARGE_LOST,
        judge: ended_alone,
    },
    Check {
        fault: &c::TLS_12,
        explains: ALERT,
        judge: needs_facts,
    },
];

fn detail<'a>(seen: &Seen<'a>) -> Option<&'a TlsDetail> {
    match &seen.record.detail {
        Detail::Tls(detail) => Some(detail),
        _ => seen.observation.tls(),
    }
}

fn kernel<'a>(seen: &Seen<'a>) -> Option<&'a TcpInfo> {
    detail(seen)?.tcp.as_ref()
}

fn plain_client(case: &Case, seen: &Seen<'_>) -> Stand {
    if case.target.auth.uses_tls() {
        return Stand::Foreign;
    }
    match &seen.record.detail {
        Detail::ApiVersions(detail)
            if matches!(detail.speaks, Some(Speaks::TlsAlert | Speaks::Tls)) =>
        {
            Stand::decides("the answer to a Kafka request is a TLS alert")
        }
        _ => Stand::open(),
    }
}

/// Who does not speak TLS sends no alert.
fn plain_listener(_: &Case, seen: &Seen<'_>) -> Stand {
    match detail(seen).and_then(|tls| tls.alert_received.as_deref()) {
        Some(alert) => Stand::excluded(format!("the answer is a TLS alert, {alert}")),
        None => Stand::open(),
    }
}

fn http(_: &Case, seen: &Seen<'_>) -> Stand {
    match detail(seen).and_then(|tls| tls.speaks) {
        Some(Speaks::Http) => Stand::decides("the answer to the ClientHello is HTTP"),
        other => Stand::excluded(format!("the answer is {}", speaks_words(other))),
    }
}

fn another_service(_: &Case, seen: &Seen<'_>) -> Stand {
    let speaks = detail(seen).and_then(|tls| tls.speaks);
    match speaks {
        Some(Speaks::Http) => Stand::excluded("the answer is HTTP"),
        Some(Speaks::Kafka) => Stand::open(),
        Some(Speaks::Ssh) => Stand::decides("the answer is an SSH banner"),
        _ => Stand::says(
            Weight::Pointed,
            format!(
                "the answer begins with the bytes {}",
                detail(seen)
                    .and_then(|tls| tls.first_bytes.as_deref())
                    .unwrap_or("(none)")
            ),
        ),
    }
}

/// Alerts on a client's certificate (RFC 8446, 6.2).
fn client_certificate(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(tls) = detail(seen) else {
        return Stand::Foreign;
    };
    let asked_in_vain = tls.client_certificate_requested && !tls.client_certificate_sent;
    match tls.alert_received.as_deref() {
        Some("certificate_required") => {
            Stand::decides("the broker's alert is certificate_required")
        }
        Some(
            alert @ ("bad_certificate"
            | "unsupported_certificate"
            | "certificate_revoked"
            | "certificate_expired"
            | "certificate_unknown"
            | "unknown_ca"),
        ) => Stand::decides(format!(
            "the broker judges the client's certificate: {alert}"
        )),
        Some(alert) if asked_in_vain => Stand::says(
            Weight::Pointed,
            format!("the broker asked for a client certificate, got none and sent {alert}"),
        ),
        None if asked_in_vain => Stand::says(
            Weight::Pointed,
            "the broker asked for a client certificate, got none and closed",
        ),
        _ if tls.client_certificate_requested => Stand::open(),
        _ if tls.certificate.is_some() => {
            Stand::excluded("the broker did not ask for a client certificate")
        }
        _ => Stand::excluded("the handshake did not come to certificates"),
    }
}

fn server_name(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(tls) = detail(seen) else {
        return Stand::open();
    };
    if tls.alert_received.as_deref() == Some("unrecognized_name") {
        return Stand::decides("the alert is unrecognized_name");
    }
    match &tls.sni {
        None => Stand::says(
            Weight::Open,
            "an IP address is dialled, so no server name is sent",
        ),
        Some(name) => Stand::excluded(format!("the server name {name} was sent")),
    }
}

fn no_common_ground(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(tls) = detail(seen) else {
        return Stand::open();
    };
    if matches!(seen.sign, Sign::TlsClosed | Sign::TlsCut) {
        // Who does not know TLS 1.3 is to ignore it; some close instead.
        return if tls.certificate.is_some() {
            Stand::excluded("both sides agreed on version and cipher")
        } else {
            Stand::open()
        };
    }
    if seen.sign == Sign::TlsError {
        return Stand::says(
            Weight::Usual,
            format!(
                "the handshake cannot go on: {}",
                tls.error.as_deref().unwrap_or("no reason")
            ),
        );
    }
    match tls.alert_received.as_deref() {
        Some(alert @ ("protocol_version" | "handshake_failure" | "insufficient_security"))
            if !tls.server_hello =>
        {
            Stand::says(
                Weight::Pointed,
                format!("the answer to the ClientHello is {alert}"),
            )
        }
        Some("certificate_required" | "bad_certificate" | "unknown_ca" | "certificate_expired") => {
            Stand::excluded("the alert is about the client's certificate")
        }
        Some("unrecognized_name") => Stand::excluded("the alert is about the server name"),
        // No word on versions or ciphers (RFC 8446, 6.2).
        Some(alert) => Stand::says(Weight::Open, format!("the broker's alert is {alert}")),
        None => Stand::open(),
    }
}

/// How long the peer took to close, microseconds.
fn after(seen: &Seen<'_>) -> u64 {
    seen.record.duration_us
}

fn rtt(seen: &Seen<'_>) -> Option<u64> {
    seen.observation
        .connect()?
        .tcp
        .as_ref()
        .map(|tcp| u64::from(tcp.rtt_us))
}

/// Kafka holds a throttled address's connection open, up to a second or more, before it closes it
/// (SocketServer's `ConnectionQuotas`).
fn rate_per_address(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.record.end == End::Rst && after(seen) < 500_000 {
        return Stand::excluded("the end came at once, and a throttled address waits");
    }
    if kernel(seen).is_some_and(|tcp| tcp.total_retrans > 0) {
        // Packets were lost and sent again: the time is not the broker's.
        return Stand::open();
    }
    if after(seen) >= 500_000 {
        return Stand::says(
            Weight::Pointed,
            "the connection was accepted, held without a byte, then closed",
        );
    }
    Stand::excluded("the close came at once, and a throttled address waits")
}

fn connections_per_address(_: &Case, seen: &Seen<'_>) -> Stand {
    let soon = 50_000 + 2 * rtt(seen).unwrap_or(0);
    if after(seen) <= soon {
        Stand::open()
    } else {
        Stand::excluded("the close did not come at once")
    }
}

fn mtu_hole(_: &Case, seen: &Seen<'_>) -> Stand {
    let Some(tcp) = kernel(seen) else {
        return Stand::open();
    };
    if tcp.out_of_order > 0 {
        return Stand::says(
            Weight::Pointed,
            "a later, smaller segment of the broker's answer came, and the full-sized ones before it did not",
        );
    }
    if tcp.unacked > 0 {
        return Stand::excluded("the small ClientHello itself is not acknowledged");
    }
    if seen.sign == Sign::TlsIncomplete {
        return Stand::usual();
    }
    Stand::open()
}

fn inspection(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.sign == Sign::TlsSilent && seen.record.is_lost_on_the_way() {
        return Stand::says(
            Weight::Pointed,
            "the SYN is answered, but the ClientHello is never acknowledged: data is dropped on the way",
        );
    }
    let nearer = rtt(seen).is_some_and(|rtt| rtt > 2_000 && after(seen) < rtt / 2);
    if seen.record.end == End::Rst && nearer {
        return Stand::says(
            Weight::Pointed,
            "the reset came in less than half a round trip: something nearer than the broker sent it",
        );
    }
    if detail(seen).is_some_and(|tls| tls.alert_received.as_deref() == Some("access_denied")) {
        return Stand::says(
            Weight::Usual,
            "the alert is access_denied: a policy of whoever sent it, and brokers have none before the login",
        );
    }
    if seen.sign == Sign::TlsCut {
        Stand::usual()
    } else {
        Stand::open()
    }
}

fn acceptor(_: &Case, seen: &Seen<'_>) -> Stand {
    match kernel(seen) {
        Some(tcp) if tcp.unacked > 0 => {
            Stand::excluded("the broker's kernel does not acknowledge the ClientHello")
        }
        _ if seen.record.bytes_in > 0 => Stand::excluded("the broker began to answer"),
        _ => Stand::open(),
    }
}

fn large_hello(_: &Case, seen: &Seen<'_>) -> Stand {
    if seen.record.bytes_out <= 1200 {
        Stand::excluded(format!(
            "the ClientHello has only {} bytes",
            seen.record.bytes_out
        ))
    } else {
        Stand::open()
    }
}

/// What clients send that offer a post-quantum key share.
fn large_hello_lost(case: &Case, seen: &Seen<'_>) -> Stand {
    let small = case
        .attempts()
        .find(|o| o.address == seen.address())
        .and_then(|o| o.phase(Phase::Tls));
    let small = small.map_or_else(String::new, |record| {
        format!(
            ", and a small one was ({} bytes with all that followed)",
            record.bytes_out
        )
    });
    Stand::says(
        Weight::Usual,
        format!(
            "a ClientHello of {} bytes, as clients with a post-quantum key share send it, was not answered{small}",
            seen.record.bytes_out
        ),
    )
}

/// A hole in the MTU is silent.
fn silent_alone(_: &Case, seen: &Seen<'_>) -> Stand {
    match seen.record.end {
        End::Silence | End::Incomplete => Stand::open(),
        _ => Stand::Foreign,
    }
}

/// What ends every other connection ended this one by chance.
fn ended_alone(_: &Case, seen: &Seen<'_>) -> Stand {
    match seen.record.end {
        End::Fin | End::Rst => Stand::open(),
        _ => Stand::Foreign,
    }
}
