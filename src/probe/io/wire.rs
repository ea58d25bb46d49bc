//! One connection: what goes out, what comes in, and how it ends.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, HandshakeKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Shared, hops, within};
use crate::kafka::frame::{FrameError, FrameReader, first_bytes_speak, hex};
use crate::probe::attempt::{Input, Knobs, Lost};
use crate::probe::certificate;
use crate::probe::observation::{End, Speaks, TlsDetail};
use crate::probe::tcp_info;
use crate::probe::tls::{self, Seen};

/// How reading ended.
enum ReadEnd {
    /// Bytes came.
    Bytes,
    /// Nothing more will come.
    Over(End),
}

/// One connection: the socket, TLS if there is any, and what is on its way.
pub(super) struct Wire {
    tcp: TcpStream,
    tls: Option<ClientConnection>,
    frames: FrameReader,
    /// The first bytes ever received, before TLS took them.
    first: Vec<u8>,
    bytes_out: u64,
    bytes_in: u64,
    /// Whether the time limit in force is the run's deadline.
    pub(super) limit_hit_is_cancel: bool,
    close_notify: bool,
    cancel: CancellationToken,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream, cancel: CancellationToken) -> Self {
        Self {
            tcp,
            tls: None,
            frames: FrameReader::default(),
            first: Vec::new(),
            bytes_out: 0,
            bytes_in: 0,
            limit_hit_is_cancel: false,
            close_notify: false,
            cancel,
        }
    }

    pub(super) fn take_counts(&mut self) -> (u64, u64) {
        (
            std::mem::take(&mut self.bytes_out),
            std::mem::take(&mut self.bytes_in),
        )
    }

    fn time_is_up(&self, some_bytes: bool) -> End {
        match (
            self.limit_hit_is_cancel || self.cancel.is_cancelled(),
            some_bytes,
        ) {
            (true, _) => End::Cancelled,
            (false, true) => End::Incomplete,
            (false, false) => End::Silence,
        }
    }

    /// Writes; a peer that is gone shows when we read.
    async fn write(&mut self, bytes: &[u8], until: Instant) {
        if let Some(Ok(())) = within(&self.cancel, until, self.tcp.write_all(bytes)).await {
            self.bytes_out += bytes.len() as u64;
        }
    }

    async fn read(&mut self, buffer: &mut Vec<u8>, until: Instant) -> ReadEnd {
        let mut chunk = vec![0u8; 16 * 1024];
        match within(&self.cancel, until, self.tcp.read(&mut chunk)).await {
            None => ReadEnd::Over(self.time_is_up(self.bytes_in > 0)),
            Some(Ok(0)) => ReadEnd::Over(End::Fin),
            Some(Ok(count)) => {
                self.bytes_in += count as u64;
                if self.first.len() < 16 {
                    self.first.extend_from_slice(&chunk[..count.min(16)]);
                }
                buffer.extend_from_slice(&chunk[..count]);
                ReadEnd::Bytes
            }
            Some(Err(error)) => ReadEnd::Over(match error.kind() {
                ErrorKind::TimedOut => End::Silence,
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => End::Unreachable,
                _ => End::Rst,
            }),
        }
    }

    /// From now on, what comes with a lower time to live is not for us.
    pub(super) fn drop_below(&self, hops: u8) {
        // Where the system cannot do it, the attempt goes as usual, and shows nothing.
        let _ = hops::set_least(&self.tcp, hops);
    }

    pub(super) async fn secure(
        &mut self,
        host: &str,
        knobs: &Knobs,
        until: Instant,
        shared: &Shared,
    ) -> Input {
        let Ok(name) = ServerName::try_from(host.to_owned()) else {
            let error = Some(format!("{host:?} cannot be a TLS server name"));
            let detail = TlsDetail {
                error,
                ..TlsDetail::default()
            };
            return Input::Secure(End::TlsError, Box::new(detail));
        };
        let (tls, seen) = match tls::client(name.clone(), shared.identity.as_ref(), knobs) {
            Ok(pair) => pair,
            Err(error) => {
                let detail = TlsDetail {
                    error: Some(error.to_string()),
                    ..TlsDetail::default()
                };
                return Input::Secure(End::TlsError, Box::new(detail));
            }
        };
        self.tls = Some(tls);
        let mut detail = TlsDetail {
            sni: (matches!(name, ServerName::DnsName(_)) && !knobs.without_name)
                .then(|| host.to_owned()),
            client_certificate_sent: shared.identity.is_some(),
            ..TlsDetail::default()
        };
        let end = self.handshake(until, &mut detail).await;
        self.describe_tls(end, &seen, &name, shared, &mut detail);
        Input::Secure(end, Box::new(detail))
    }

    async fn handshake(&mut self, until: Instant, detail: &mut TlsDetail) -> End {
        loop {
            self.flush_tls(until).await;
            let Some(tls) = &self.tls else {
                return End::TlsError;
            };
            if !tls.is_handshaking() {
                return End::Answered;
            }
            let mut bytes = Vec::new();
            match self.read(&mut bytes, until).await {
                ReadEnd::Over(end) => return end,
                ReadEnd::Bytes => {}
            }
            let speaks = first_bytes_speak(&self.first);
            let is_tls = matches!(speaks, Speaks::Tls | Speaks::TlsAlert);
            if !is_tls && (self.first.len() >= 4 || !begins_a_record(&self.first)) {
                detail.speaks = Some(speaks);
                detail.first_bytes = Some(hex(&self.first));
                return End::NotKafka;
            }
            if let Err(error) = self.take_tls(&bytes) {
                self.flush_tls(until).await;
                return tls_end(&error, detail);
            }
        }
    }

    fn describe_tls(
        &self,
        end: End,
        seen: &Seen,
        name: &ServerName<'_>,
        shared: &Shared,
        detail: &mut TlsDetail,
    ) {
        if let Some(tls) = &self.tls {
            detail.version = tls
                .protocol_version()
                .map(|v| format!("{v:?}").replace('_', "."));
            detail.cipher = tls
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str().map(str::to_owned));
            detail.server_hello = detail.version.is_some()
                || matches!(tls.handshake_kind(), Some(HandshakeKind::Full));
        }
        detail.client_certificate_requested = seen.certificate_requested();
        detail.client_certificate_sent &= detail.client_certificate_requested;
        detail.close_notify = self.close_notify;
        let chain = seen.chain();
        if !chain.is_empty() {
            detail.certificate = Some(certificate::judge(&chain, name, &shared.trust, shared.now));
        }
        if end != End::Answered {
            detail.tcp = tcp_info::read(&self.tcp);
        }
    }

    /// Gives received bytes to TLS and its plain text to the frame reader.
    fn take_tls(&mut self, mut bytes: &[u8]) -> Result<(), rustls::Error> {
        let Some(tls) = &mut self.tls else {
            self.frames.push(bytes);
            return Ok(());
        };
        while !bytes.is_empty() {
            // Reading from memory fails only when TLS's own buffer is full.
            if tls.read_tls(&mut bytes).is_err() {
                return Err(rustls::Error::General(
                    "a TLS record is too long".to_owned(),
                ));
            }
            let state = tls.process_new_packets()?;
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            if let Ok(count) = tls.reader().read(&mut plain) {
                self.frames.push(&plain[..count]);
            }
            self.close_notify |= state.peer_has_closed();
            if state.peer_has_closed() {
                break;
            }
        }
        Ok(())
    }

    async fn flush_tls(&mut self, until: Instant) {
        let mut out = Vec::new();
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                if tls.write_tls(&mut out).is_err() {
                    break;
                }
            }
        }
        if !out.is_empty() {
            self.write(&out, until).await;
        }
    }

    pub(super) async fn exchange(&mut self, request: &[u8], until: Instant) -> Input {
        let written = match &mut self.tls {
            None => false,
            Some(tls) => tls.writer().write_all(request).is_ok(),
        };
        if written {
            self.flush_tls(until).await;
        } else {
            self.write(request, until).await;
        }
        loop {
            match self.frames.next_frame() {
                Ok(Some(frame)) => return Input::Frame(frame),
                Ok(None) if self.close_notify => return self.lost(self.wait_for_end(until).await),
                Ok(None) => {}
                Err(error) => return not_a_frame(error, self.close_notify),
            }
            let mut bytes = Vec::new();
            if let ReadEnd::Over(end) = self.read(&mut bytes, until).await {
                return self.lost(end);
            }
            if let Err(error) = self.take_tls(&bytes) {
                let mut detail = TlsDetail::default();
                let end = tls_end(&error, &mut detail);
                let end = if end == End::TlsError {
                    End::ProtocolError
                } else {
                    end
                };
                let lost = Lost {
                    alert: detail.alert_received,
                    error: detail.error,
                    ..self.how_lost()
                };
                return Input::Lost(end, lost);
            }
        }
    }

    /// After `close_notify` comes a FIN, or a reset.
    async fn wait_for_end(&self, until: Instant) -> End {
        let grace = (Instant::now() + Duration::from_millis(50)).min(until);
        match within(&self.cancel, grace, self.tcp.peek(&mut [0])).await {
            Some(Err(_)) => End::Rst,
            _ => End::Fin,
        }
    }

    fn how_lost(&self) -> Lost {
        Lost {
            close_notify: self.close_notify,
            tcp: tcp_info::read(&self.tcp),
            ..Lost::default()
        }
    }

    /// No frame came: were there bytes of one?
    fn lost(&self, end: End) -> Input {
        let pending = self.frames.pending();
        let mut lost = self.how_lost();
        let end = match end {
            End::Incomplete if pending == 0 => End::Silence,
            End::Fin | End::Rst if pending > 0 && self.tls.is_none() => {
                // Seven bytes of a TLS alert, then the end: too short for a frame.
                let speaks = first_bytes_speak(&self.first);
                lost.speaks = Some(speaks);
                lost.first_bytes = Some(hex(&self.first));
                if speaks == Speaks::Kafka {
                    end
                } else {
                    End::NotKafka
                }
            }
            end => end,
        };
        if pending > 0 {
            lost.error = Some(format!("{pending} bytes of an answer came, then no more"));
        }
        Input::Lost(end, lost)
    }

    /// Says goodbye as a well-behaved client does.
    pub(super) fn close(mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let mut out = Vec::new();
            if tls.write_tls(&mut out).is_ok() {
                let _ = self.tcp.try_write(&out);
            }
        }
    }
}

fn not_a_frame(error: FrameError, close_notify: bool) -> Input {
    let mut lost = Lost {
        error: Some(error.to_string()),
        close_notify,
        ..Lost::default()
    };
    match error {
        FrameError::Size(_) => Input::Lost(End::ProtocolError, lost),
        FrameError::NotKafka {
            speaks,
            first_bytes,
        } => {
            lost.speaks = Some(speaks);
            lost.first_bytes = Some(first_bytes);
            Input::Lost(End::NotKafka, lost)
        }
    }
}

/// How a TLS error ends a phase, and in which direction its alert went.
fn tls_end(error: &rustls::Error, detail: &mut TlsDetail) -> End {
    match error {
        rustls::Error::AlertReceived(alert) => {
            detail.alert_received = Some(alert_name(*alert));
            End::TlsAlert
        }
        error => {
            detail.error = Some(error.to_string());
            detail.alert_sent = sent_alert(error).map(str::to_owned);
            End::TlsError
        }
    }
}

/// Whether bytes can begin a TLS record (RFC 8446, 5.1): its four types.
fn begins_a_record(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|kind| (20..=23).contains(kind))
}

/// The alert's name in RFC 8446, 6 and RFC 5246, 7.2, from its number: the library spells some otherwise.
fn alert_name(alert: rustls::AlertDescription) -> String {
    const NAMES: [(u8, &str); 34] = [
        (0, "close_notify"),
        (10, "unexpected_message"),
        (20, "bad_record_mac"),
        (21, "decryption_failed"),
        (22, "record_overflow"),
        (30, "decompression_failure"),
        (40, "handshake_failure"),
        (41, "no_certificate"),
        (42, "bad_certificate"),
        (43, "unsupported_certificate"),
        (44, "certificate_revoked"),
        (45, "certificate_expired"),
        (46, "certificate_unknown"),
        (47, "illegal_parameter"),
        (48, "unknown_ca"),
        (49, "access_denied"),
        (50, "decode_error"),
        (51, "decrypt_error"),
        (60, "export_restriction"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (80, "internal_error"),
        (86, "inappropriate_fallback"),
        (90, "user_canceled"),
        (100, "no_renegotiation"),
        (109, "missing_extension"),
        (110, "unsupported_extension"),
        (111, "certificate_unobtainable"),
        (112, "unrecognized_name"),
        (113, "bad_certificate_status_response"),
        (114, "bad_certificate_hash_value"),
        (115, "unknown_psk_identity"),
        (116, "certificate_required"),
        (120, "no_application_protocol"),
    ];
    let number = u8::from(alert);
    let known = NAMES.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("alert {number}"), |(_, name)| (*name).to_owned())
}

/// The alert that `rustls` sends for its own errors (RFC 8446, 6.2).
fn sent_alert(error: &rustls::Error) -> Option<&'static str> {
    match error {
        rustls::Error::PeerIncompatible(_) => Some("handshake_failure"),
        rustls::Error::PeerMisbehaved(_) => Some("illegal_parameter"),
        rustls::Error::InvalidMessage(_) => Some("decode_error"),
        rustls::Error::InvalidCertificate(_) => Some("decrypt_error"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_standard() {
        let names = [
            (42, "bad_certificate"),
            (48, "unknown_ca"),
            (49, "access_denied"),
            (112, "unrecognized_name"),
            (115, "unknown_psk_identity"),
            (116, "certificate_required"),
            (200, "alert 200"),
        ];
        for (number, name) in names {
            assert_eq!(alert_name(number.into()), name);
        }
    }
}
