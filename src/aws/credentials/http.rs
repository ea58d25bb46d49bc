//! One HTTP client for every API that is asked.
//!
//! The SDK would make one for each service: each reads and parses the platform's roots, and each checks itself by
//! building all of it once more. That takes longer than a call does.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::{ConnectorError, DispatchFailure};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use url::{Host, Url};

/// How long a connection to an API may take: within AWS, and from anywhere with a way out, it takes milliseconds.
pub(in crate::aws) const CONNECT: Duration = Duration::from_secs(2);

static SHARED: LazyLock<SharedHttpClient> = LazyLock::new(|| {
    let client = Builder::new().tls_provider(provider()).build_https();
    SharedHttpClient::new(Shared(client))
});

/// The SDK's own choice.
fn provider() -> Provider {
    Provider::Rustls(CryptoMode::AwsLc)
}

/// The client that all share. Connections are made when they are needed, one pool for each set of timeouts.
pub(in crate::aws) fn shared() -> SharedHttpClient {
    SHARED.clone()
}

/// Begins to read the platform's roots, beside whatever comes before the first call: arguments, profiles, metadata.
/// The SDK keeps them for the process.
pub fn warm() {
    std::thread::spawn(|| drop(Connector::builder().tls_provider(provider()).build()));
}

/// The SDK's client, without the check of each service that uses it: that check builds what the first call builds.
#[derive(Debug)]
struct Shared(SharedHttpClient);

impl HttpClient for Shared {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Remembering(self.0.http_connector(settings, components)))
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Which APIs cannot be reached from here. In a VPC without a way out none can: the first connection that does not come
/// about tells, and nobody waits for a second.
#[derive(Debug, Default)]
struct Ways {
    answered: bool,
    silent: BTreeSet<String>,
}

impl Ways {
    /// Whether it is known that the host cannot be reached.
    fn is_lost(&self, host: &str) -> bool {
        self.silent.contains(host) || !self.answered && !self.silent.is_empty()
    }
}

static WAYS: Mutex<Ways> = Mutex::new(Ways {
    answered: false,
    silent: BTreeSet::new(),
});

fn ways<T>(look: impl FnOnce(&mut Ways) -> T) -> T {
    look(&mut WAYS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Forgets which APIs could not be reached: a new run asks anew.
pub fn forget() {
    ways(|ways| *ways = Ways::default());
}

/// The host that a request goes to. None for this machine and for a metadata service, which says nothing of any way out.
fn host(request: &HttpRequest) -> Option<String> {
    let url = Url::parse(request.uri()).ok()?;
    let is_near = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_link_local() || ip.is_loopback(),
        Host::Ipv6(ip) => IpAddr::from(ip).is_loopback() || ip.is_unique_local(),
    };
    let host = url.host_str()?;
    (!is_near).then(|| host.to_owned())
}

/// Connects, unless it is known that there is no way.
#[derive(Debug)]
struct Remembering(SharedHttpConnector);

impl HttpConnector for Remembering {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(host) = host(&request) else {
            return self.0.call(request);
        };
        if ways(|ways| ways.is_lost(&host)) {
            return HttpConnectorFuture::ready(Err(NoWay(host).into()));
        }
        let call = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let result = call.await;
            match &result {
                Ok(_) => ways(|ways| ways.answered = true),
                Err(error) if error.is_timeout() => {
                    ways(|ways| ways.silent.insert(host.clone()));
                    return Err(NoWay(host).into());
                }
                Err(_) => {}
            }
            result
        })
    }
}

/// No connection to an API came about, or none is tried any more.
#[derive(Debug, thiserror::Error)]
#[error("no connection to {0}: in a VPC it takes a NAT gateway or an interface endpoint")]
pub(in crate::aws) struct NoWay(String);

impl From<NoWay> for ConnectorError {
    /// An error that is not tried again: the SDK would wait for seconds in between.
    fn from(no_way: NoWay) -> Self {
        Self::other(no_way.into(), None).never_connected()
    }
}

impl NoWay {
    /// Whether this is why a call failed.
    pub(in crate::aws) fn of(failure: &DispatchFailure) -> Option<&Self> {
        failure.as_connector_error()?.source()?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(uri: &str) -> Option<String> {
        let mut request = HttpRequest::empty();
        request.set_uri(uri).expect("a uri");
        host(&request)
    }

    #[test]
    fn only_what_is_far_tells_of_a_way_out() {
        let sts = host_of("https://sts.eu-west-1.amazonaws.com/?Action=x");
        assert_eq!(sts.as_deref(), Some("sts.eu-west-1.amazonaws.com"));
        assert_eq!(
            host_of("http://10.0.0.1:8080/"),
            Some("10.0.0.1".to_owned())
        );
        for near in [
            "http://169.254.169.254/latest",
            "http://[fd00:ec2::254]/",
            "http://127.0.0.1:1",
            "http://localhost:1",
        ] {
            assert_eq!(host_of(near), None, "{near}");
        }
    }

    #[test]
    fn one_silence_tells_of_all_unless_somebody_answered() {
        let mut ways = Ways::default();
        assert!(!ways.is_lost("sts"));
        ways.silent.insert("ec2".to_owned());
        assert!(ways.is_lost("sts") && ways.is_lost("ec2"));
        ways.answered = true;
        assert!(!ways.is_lost("sts") && ways.is_lost("ec2"));
    }
}
