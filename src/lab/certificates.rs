//! The lab's certificate authority and the brokers' certificates.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::LabError;

/// A certificate authority.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a broker's certificate is to be.
pub(super) struct Leaf<'a> {
    /// DNS names.
    pub(super) names: &'a [String],
    /// The address that it listens on.
    pub(super) address: IpAddr,
    /// End of validity from now.
    pub(super) ends_in: Duration,
}

impl Authority {
    /// An authority whose organisation is called `name`.
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, name);
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = OffsetDateTime::now_utc() - Duration::days(400);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(400);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// The authority's certificate.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// TLS for a broker with `leaf`; the chain is the leaf and the authority.
    pub(super) fn server(
        &self,
        leaf: &Leaf<'_>,
        require_client_certificate: bool,
    ) -> Result<Arc<ServerConfig>, LabError> {
        let mut params = CertificateParams::new(leaf.names.to_vec())?;
        params
            .subject_alt_names
            .push(SanType::IpAddress(leaf.address));
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = leaf.names.first() {
            // A common name has at most 64 characters (RFC 5280, upper bounds).
            let short: String = name.chars().take(64).collect();
            params.distinguished_name.push(DnType::CommonName, short);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = OffsetDateTime::now_utc() - Duration::days(335);
        params.not_after = OffsetDateTime::now_utc() + leaf.ends_in;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        let builder = if require_client_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.issuer.der().clone())?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![certificate.der().clone(), self.issuer.der().clone()];
        Ok(Arc::new(builder.with_single_cert(chain, key)?))
    }
}
