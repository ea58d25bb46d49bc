//! A broker's certificate chain, judged one question at a time: chain, name, dates, usage.

use std::sync::{Arc, LazyLock};

use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

/// Whom to trust.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    /// The platform's roots: some hundred certificates, which are read when the first chain is judged at the latest.
    pub platform: Arc<LazyLock<Vec<TrustAnchor<'static>>>>,
    /// The certificates of `--ca-file`, as they are.
    pub ca_file: Arc<Vec<CertificateDer<'static>>>,
}

/// One certificate of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateFacts {
    /// The subject's distinguished name.
    pub subject: String,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// DNS names and addresses in the subject alternative name.
    pub sans: Vec<String>,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
    /// Whole days until the end of validity; negative when it is over.
    pub days_left: i64,
    /// Whether it may sign other certificates.
    pub is_ca: bool,
}

/// A certificate's public key: its `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7) in DER, of whatever version of X.509.
#[must_use]
pub fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(parsed.tbs_certificate.subject_pki.raw)
}

/// One question's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Judgement {
    /// It holds.
    Good {
        /// What it rests on.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
    },
    /// It does not hold.
    Bad {
        /// Why.
        because: String,
    },
    /// It could not be told.
    Unknown {
        /// Why.
        because: String,
    },
}

impl Judgement {
    /// Whether it holds.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Judgement::Good { .. })
    }

    /// Why it does not hold, if it does not.
    #[must_use]
    pub fn bad(&self) -> Option<&str> {
        match self {
            Judgement::Bad { because } => Some(because),
            _ => None,
        }
    }
}

/// The chain that a broker showed, and four answers on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateJudgement {
    /// The chain, leaf first.
    pub chain: Vec<CertificateFacts>,
    /// Does it lead to a trusted root? Dates are left aside.
    pub trust: Judgement,
    /// Is it for the name that was dialled (RFC 6125)?
    pub name: Judgement,
    /// Is every certificate valid now?
    pub dates: Judgement,
    /// May it serve TLS (extended key usage)?
    pub usage: Judgement,
    /// Whether the leaf's issuer calls itself Amazon, as MSK's does.
    pub issuer_is_amazon: bool,
}

impl CertificateJudgement {
    /// Whether a client that checks everything would go on.
    #[must_use]
    pub fn verified(&self) -> bool {
        [&self.trust, &self.name, &self.dates, &self.usage]
            .iter()
            .all(|j| j.is_good())
    }
}

/// Judges `chain` (leaf first) for `name` at `now`, seconds since 1970.
#[must_use]
pub fn judge(
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    trust: &TrustStore,
    now: i64,
) -> CertificateJudgement {
    let facts: Vec<CertificateFacts> = chain.iter().filter_map(|der| facts(der, now)).collect();
    let unknown = |because: &str| Judgement::Unknown {
        because: because.to_owned(),
    };
    let Some(leaf) = chain.first() else {
        return CertificateJudgement {
            chain: facts,
            trust: unknown("no certificate came"),
            name: unknown("no certificate came"),
            dates: unknown("no certificate came"),
            usage: unknown("no certificate came"),
            issuer_is_amazon: false,
        };
    };
    let issuer_is_amazon = facts.first().is_some_and(|leaf| is_amazon(&leaf.issuer));
    CertificateJudgement {
        trust: judge_trust(chain, &facts, trust, now),
        name: judge_name(leaf, &facts, name),
        dates: judge_dates(chain.len(), &facts, now),
        usage: judge_usage(leaf),
        chain: facts,
        issuer_is_amazon,
    }
}

fn is_amazon(distinguished_name: &str) -> bool {
    distinguished_name
        .split(", ")
        .filter_map(|part| part.strip_prefix("O=").or_else(|| part.strip_prefix("CN=")))
        .any(|value| {
            value == "Amazon" || value.starts_with("Amazon ") || value.starts_with("Starfield ")
        })
}

fn facts(der: &CertificateDer<'_>, now: i64) -> Option<CertificateFacts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let sans = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| {
            extension
                .value
                .general_names
                .iter()
                .filter_map(general_name)
                .collect()
        })
        .unwrap_or_default();
    let validity = certificate.validity();
    let not_after = validity.not_after.timestamp();
    Some(CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        sans,
        not_before: validity.not_before.timestamp(),
        not_after,
        days_left: (not_after - now).div_euclid(86_400),
        is_ca: certificate.is_ca(),
    })
}

fn general_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
            bytes => {
                let octets: [u8; 16] = bytes.try_into().ok()?;
                Some(std::net::Ipv6Addr::from(octets).to_string())
            }
        },
        _ => None,
    }
}

/// The chain is verified at the time at which all of it is valid, so that a date does not hide an
/// unknown issuer, nor the reverse.
fn judge_trust(
    chain: &[CertificateDer<'_>],
    facts: &[CertificateFacts],
    trust: &TrustStore,
    now: i64,
) -> Judgement {
    let (leaf, intermediates) = (&chain[0], &chain[1..]);
    if trust
        .ca_file
        .iter()
        .any(|given| given.as_ref() == leaf.as_ref())
    {
        return Judgement::Good {
            by: Some("--ca-file (this certificate)".to_owned()),
        };
    }
    let certificate = match EndEntityCert::try_from(leaf) {
        Ok(certificate) => certificate,
        Err(error) => {
            return Judgement::Bad {
                because: format!("the certificate is unusable: {error}"),
            };
        }
    };
    let given: Vec<TrustAnchor<'_>> = trust
        .ca_file
        .iter()
        .filter_map(|der| webpki::anchor_from_trusted_cert(der).ok())
        .collect();
    let mut reason = String::from("no root is trusted");
    let start = facts.iter().map(|c| c.not_before).max().unwrap_or(now);
    let end = facts.iter().map(|c| c.not_after).min().unwrap_or(now);
    let mut times = vec![now];
    if start <= end {
        times.push(now.clamp(start, end));
    }
    times.extend(
        facts
            .first()
            .map(|leaf| now.clamp(leaf.not_before, leaf.not_after)),
    );
    for (anchors, by) in [
        (given.as_slice(), "--ca-file"),
        (trust.platform.as_slice(), "platform"),
    ] {
        if anchors.is_empty() {
            continue;
        }
        for time in &times {
            let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
                u64::try_from(*time).unwrap_or(0),
            ));
            match verify(&certificate, anchors, intermediates, time) {
                Ok(()) => {
                    return Judgement::Good {
                        by: Some(by.to_owned()),
                    };
                }
                Err(webpki::Error::RequiredEkuNotFoundContext(_)) => {
                    return Judgement::Unknown {
                        because: "the certificate is not meant for TLS servers".to_owned(),
                    };
                }
                Err(error) => reason = words(&error),
            }
        }
    }
    Judgement::Bad { because: reason }
}

fn verify(
    certificate: &EndEntityCert<'_>,
    anchors: &[TrustAnchor<'_>],
    intermediates: &[CertificateDer<'_>],
    time: UnixTime,
) -> Result<(), webpki::Error> {
    certificate
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            anchors,
            intermediates,
            time,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(|_| ())
}

fn words(error: &webpki::Error) -> String {
    match error {
        webpki::Error::UnknownIssuer => "the issuer is not trusted".to_owned(),
        webpki::Error::CaUsedAsEndEntity => {
            "a certificate authority's own certificate is shown".to_owned()
        }
        other => other.to_string(),
    }
}

fn judge_name(
    leaf: &CertificateDer<'_>,
    facts: &[CertificateFacts],
    name: &ServerName<'_>,
) -> Judgement {
    let Ok(certificate) = EndEntityCert::try_from(leaf) else {
        return Judgement::Unknown {
            because: "the certificate is unusable".to_owned(),
        };
    };
    if certificate.verify_is_valid_for_subject_name(name).is_ok() {
        return Judgement::Good { by: None };
    }
    let sans = facts
        .first()
        .map(|leaf| leaf.sans.join(", "))
        .filter(|sans| !sans.is_empty())
        .unwrap_or_else(|| "no name".to_owned());
    Judgement::Bad {
        because: format!("it is for {sans}, not for {}", name.to_str()),
    }
}

fn judge_dates(certificates: usize, facts: &[CertificateFacts], now: i64) -> Judgement {
    for certificate in facts {
        if now > certificate.not_after {
            return Judgement::Bad {
                because: format!(
                    "{} ended {} days ago",
                    certificate.subject,
                    (now - certificate.not_after) / 86_400
                ),
            };
        }
        if now < certificate.not_before {
            return Judgement::Bad {
                because: format!(
                    "{} begins in {} days",
                    certificate.subject,
                    (certificate.not_before - now) / 86_400
                ),
            };
        }
    }
    if facts.len() < certificates {
        return Judgement::Unknown {
            because: "a certificate cannot be read".to_owned(),
        };
    }
    Judgement::Good { by: None }
}

/// Extended key usage (RFC 5280, 4.2.1.12): absent means any.
fn judge_usage(leaf: &CertificateDer<'_>) -> Judgement {
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
        return Judgement::Unknown {
            because: "the certificate cannot be read".to_owned(),
        };
    };
    let usage =
        certificate
            .extensions()
            .iter()
            .find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::ExtendedKeyUsage(usage) => Some(usage),
                _ => None,
            });
    match usage {
        Some(usage) if !usage.server_auth && !usage.any => Judgement::Bad {
            because: "its extended key usage lacks serverAuth".to_owned(),
        },
        _ => Judgement::Good { by: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose,
        IsCa, KeyPair,
    };

    const NOW: i64 = 1_790_000_000;

    struct Made {
        chain: Vec<CertificateDer<'static>>,
        ca: CertificateDer<'static>,
    }

    fn make(change: impl FnOnce(&mut CertificateParams)) -> Made {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name
            .push(DnType::OrganizationName, "Amazon");
        let ca_key = KeyPair::generate().expect("key");
        let issuer = CertifiedIssuer::self_signed(ca, ca_key).expect("ca");
        let mut leaf = CertificateParams::new(vec!["b-1.example".to_owned()]).expect("params");
        let at = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).expect("time");
        leaf.not_before = at(NOW - 86_400);
        leaf.not_after = at(NOW + 30 * 86_400);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(&mut leaf);
        let key = KeyPair::generate().expect("key");
        let leaf = leaf.signed_by(&key, &issuer).expect("leaf");
        Made {
            chain: vec![leaf.der().clone()],
            ca: issuer.der().clone(),
        }
    }

    fn judged(made: &Made, trusted: bool, name: &str) -> CertificateJudgement {
        let ca_file = if trusted {
            vec![made.ca.clone()]
        } else {
            vec![]
        };
        let trust = TrustStore {
            platform: Arc::default(),
            ca_file: Arc::new(ca_file),
        };
        judge(
            &made.chain,
            &ServerName::try_from(name).expect("name"),
            &trust,
            NOW,
        )
    }

    #[test]
    fn a_good_certificate_is_good_in_every_respect() {
        let judgement = judged(&make(|_| {}), true, "b-1.example");
        assert!(judgement.verified(), "{judgement:?}");
        assert!(judgement.issuer_is_amazon);
        assert_eq!(judgement.chain[0].days_left, 30);
    }

    #[test]
    fn each_question_fails_alone() {
        let at = |seconds| time::OffsetDateTime::from_unix_timestamp(seconds).expect("time");
        let failed = |j: &CertificateJudgement| {
            [&j.trust, &j.name, &j.dates, &j.usage].map(|question| question.bad().is_some())
        };
        let plain = make(|_| {});
        assert_eq!(
            failed(&judged(&plain, false, "b-1.example")),
            [true, false, false, false]
        );
        assert_eq!(
            failed(&judged(&plain, true, "other.example")),
            [false, true, false, false]
        );
        let old = make(|leaf| leaf.not_after = at(NOW - 3_600));
        assert_eq!(
            failed(&judged(&old, true, "b-1.example")),
            [false, false, true, false]
        );
        let early = make(|leaf| leaf.not_before = at(NOW + 3_600));
        assert_eq!(
            failed(&judged(&early, true, "b-1.example")),
            [false, false, true, false]
        );
        let client = make(|leaf| {
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        assert_eq!(
            failed(&judged(&client, true, "b-1.example")),
            [false, false, false, true]
        );
        let old_and_unknown = make(|leaf| leaf.not_after = at(NOW - 3_600));
        assert_eq!(
            failed(&judged(&old_and_unknown, false, "b-1.example")),
            [true, false, true, false]
        );
    }

    #[test]
    fn noise_is_no_certificate() {
        let chain = [CertificateDer::from(vec![0x30, 0x80, 1, 2, 3])];
        let name = ServerName::try_from("b-1.example").expect("name");
        assert!(!judge(&chain, &name, &TrustStore::default(), NOW).verified());
    }
}
