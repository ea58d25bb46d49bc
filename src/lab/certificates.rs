//! The lab's certificate authority and the brokers' certificates.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::{LabBroker, LabError};

/// The name in a certificate that was made for somebody else.
const ANOTHER: &str = "other.example.com";

/// The organisation that issues the certificates of MSK's brokers.
pub(super) const AMAZON: &str = "Amazon";

/// The issuer of a company's proxy that opens TLS.
pub(super) const PROXY: &str = "Example Corp TLS Inspection";

/// Whom the lab's clients are told to trust.
pub(super) struct Authorities {
    /// The lab's own.
    pub(super) ca: Authority,
    /// A proxy's, whose root the company has put on its machines.
    pub(super) proxy: Option<Authority>,
}

impl Authorities {
    pub(super) fn new(proxy: bool) -> Result<Self, rcgen::Error> {
        Ok(Self {
            ca: Authority::new(AMAZON, "msk-doctor lab CA")?,
            proxy: proxy.then(|| Authority::new(PROXY, PROXY)).transpose()?,
        })
    }

    /// The roots' certificates, the lab's own first.
    pub(super) fn pem(&self) -> String {
        let proxy = self.proxy.as_ref().map(Authority::pem);
        self.ca.pem() + &proxy.unwrap_or_default()
    }
}

/// A certificate authority: a root, and the intermediate that signs.
pub(super) struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// What a broker's certificate is to be.
pub(super) struct Leaf<'a> {
    /// Whose it is.
    pub(super) broker: &'a LabBroker,
    /// Whether it names another host instead.
    pub(super) of_another: bool,
    /// Whether it ended an hour ago.
    pub(super) expired: bool,
    /// The subject's organisation.
    pub(super) organization: Option<&'a str>,
}

impl Authority {
    /// An authority of `organization`, whose root is called `name`.
    pub(super) fn new(organization: &str, name: &str) -> Result<Self, rcgen::Error> {
        let params = authority(organization, name);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let params = authority(organization, &format!("{name} M01"));
        let intermediate = CertifiedIssuer::signed_by(params, KeyPair::generate()?, &root)?;
        Ok(Self { root, intermediate })
    }

    /// The root's certificate.
    fn pem(&self) -> String {
        self.root.pem()
    }

    /// TLS for a broker. It sends its own certificate and the intermediate's, as MSK does; with `clients`
    /// it requires a certificate of that authority. `versions`: those of TLS that it speaks.
    pub(super) fn server(
        &self,
        leaf: &Leaf<'_>,
        clients: Option<&Authority>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Arc<ServerConfig>, LabError> {
        let key = KeyPair::generate()?;
        let signer: &Issuer<'_, KeyPair> = &self.intermediate;
        let certificate = leaf.params()?.signed_by(&key, signer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)?;
        let builder = if let Some(clients) = clients {
            let mut roots = RootCertStore::empty();
            roots.add(clients.root.der().clone())?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![certificate.der().clone(), self.intermediate.der().clone()];
        Ok(Arc::new(builder.with_single_cert(chain, key)?))
    }
}

fn authority(organization: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::days(400);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(400);
    params
}

impl Leaf<'_> {
    fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let own = self.broker.name.as_str();
        let (name, names) = if self.of_another {
            (ANOTHER, vec![ANOTHER.to_owned()])
        } else {
            (own, vec![own.to_owned(), "localhost".to_owned()])
        };
        let mut params = CertificateParams::new(names)?;
        let mut addresses = if self.of_another {
            vec![IpAddr::from([192, 0, 2, 1])]
        } else {
            vec![IpAddr::from(Ipv4Addr::LOCALHOST), self.broker.address.ip()]
        };
        addresses.dedup();
        let addresses = addresses.into_iter().map(SanType::IpAddress);
        params.subject_alt_names.extend(addresses);
        params.distinguished_name = DistinguishedName::new();
        if let Some(organization) = self.organization {
            params
                .distinguished_name
                .push(DnType::OrganizationName, organization);
        }
        // A common name has at most 64 characters (RFC 5280, upper bounds).
        let short: String = name.chars().take(64).collect();
        params.distinguished_name.push(DnType::CommonName, short);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = OffsetDateTime::now_utc();
        params.not_after = if self.expired {
            now - Duration::hours(1)
        } else {
            now + Duration::days(60)
        };
        // 13 months, as ACM's certificates.
        params.not_before = now - Duration::days(335);
        Ok(params)
    }
}
