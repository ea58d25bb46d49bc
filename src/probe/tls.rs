//! TLS as a diagnostic needs it: the handshake goes on whatever the certificate is, and all that
//! was shown is kept. The handshake's own signature is still checked, so that the chain that is
//! judged is the chain of whoever is at the other end.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::version::TLS12;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::attempt::Knobs;
use super::certificate::public_key;

/// What a handshake showed, filled while it runs.
#[derive(Debug, Default)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    certificate_requested: bool,
}

/// What a handshake showed.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Shown>>);

impl Seen {
    /// The chain, leaf first; empty when none came.
    #[must_use]
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .chain
            .clone()
    }

    /// Whether a client certificate was asked for.
    #[must_use]
    pub fn certificate_requested(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .certificate_requested
    }

    fn set(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

struct KeepChain {
    seen: Seen,
    algorithms: WebPkiSupportedAlgorithms,
}

impl fmt::Debug for KeepChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeepChain")
    }
}

impl ServerCertVerifier for KeepChain {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.seen.set(|shown| {
            shown.chain = std::iter::once(leaf)
                .chain(intermediates)
                .map(|der| der.clone().into_owned())
                .collect();
        });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[derive(Debug)]
struct OwnCertificate {
    seen: Seen,
    key: Option<Arc<CertifiedKey>>,
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.seen.set(|shown| shown.certificate_requested = true);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A client certificate with its key.
#[derive(Clone)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity([redacted])")
    }
}

impl ClientIdentity {
    /// Joins a certificate chain and its private key.
    ///
    /// # Errors
    /// When the certificate cannot be read, or the key cannot be used or is not the certificate's: in words.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: rustls::pki_types::PrivateKeyDer<'static>,
    ) -> Result<Self, String> {
        let key = provider()
            .key_provider
            .load_private_key(key)
            .map_err(|error| format!("the client's key cannot be used: {error}"))?;
        // rustls compares them for version 3 alone; `openssl x509 -req` makes version 1, and brokers take it.
        let certified = chain
            .first()
            .and_then(|leaf| public_key(leaf))
            .ok_or("the client certificate cannot be read: is it X.509?")?;
        if key.public_key().is_some_and(|own| *own != *certified) {
            return Err("the client's key is not the key of its certificate".to_owned());
        }
        Ok(Self(Arc::new(CertifiedKey::new(chain, key))))
    }
}

/// Key exchange without the post-quantum hybrids: their `ClientHello` spans two segments, which
/// some middleboxes lose (TLS-13), and the clients whose fault is sought mostly do not send it.
fn provider() -> CryptoProvider {
    use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519};
    CryptoProvider {
        kx_groups: vec![X25519, SECP256R1, SECP384R1],
        ..aws_lc_rs::default_provider()
    }
}

/// With the hybrid first, as Go, OpenSSL and the browsers have it by default: X25519MLKEM768
/// (draft-ietf-tls-ecdhe-mlkem), whose share alone has 1216 bytes.
fn with_hybrid(mut provider: CryptoProvider) -> CryptoProvider {
    provider
        .kx_groups
        .insert(0, aws_lc_rs::kx_group::X25519MLKEM768);
    provider
}

/// Opens a TLS connection's state for `name`.
///
/// # Errors
/// When `rustls` refuses the configuration, which would be a bug.
pub fn client(
    name: ServerName<'static>,
    identity: Option<&ClientIdentity>,
    knobs: &Knobs,
) -> Result<(ClientConnection, Seen), rustls::Error> {
    let seen = Seen::default();
    let provider = Arc::new(if knobs.large_hello {
        with_hybrid(provider())
    } else {
        provider()
    });
    let algorithms = provider.signature_verification_algorithms;
    let versions = if knobs.tls12_only {
        &[&TLS12][..]
    } else {
        rustls::DEFAULT_VERSIONS
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(KeepChain {
            seen: seen.clone(),
            algorithms,
        }))
        .with_client_cert_resolver(Arc::new(OwnCertificate {
            seen: seen.clone(),
            key: identity.map(|identity| identity.0.clone()),
        }));
    // A resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    config.enable_sni = !knobs.without_name;
    Ok((ClientConnection::new(Arc::new(config), name)?, seen))
}
