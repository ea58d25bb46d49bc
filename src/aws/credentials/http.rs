//! One HTTP client for every API that is asked.
//!
//! The SDK would make one for each service: each reads and parses the platform's roots, and each checks itself by
//! building all of it once more. That takes longer than a call does.

use std::sync::LazyLock;

use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

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
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}
