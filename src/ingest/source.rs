//! A broker that pings come from, and how to connect to it.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use rumqttc::{MqttOptions, NetworkOptions, QoS, SubscribeFilter, TlsConfiguration, Transport};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tag_wire::{TopicKind, VendorName};

/// Seconds between two signs of life. A half-open connection is noticed after at most two of them.
pub(super) const KEEPALIVE_S: u64 = 5;

/// The longest that setting up a connection, or writing to it, may take.
pub(super) const CONNECT_S_MAX: u64 = 5;

/// The longest message that MQTT can carry. The broker's limit counts, and then ours, with a reason that the tag is told:
/// a message that the client library itself refuses is redelivered for ever, and everything behind it waits.
const INCOMING_BYTES_MAX: usize = 268_435_455;

/// The longest message to a tag with its topic; each of them fits into the packet limit of the contract.
const OUTGOING_BYTES_MAX: usize = 2 * tag_wire::limits::PACKET_BYTES_MAX;

/// A broker that pings come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name in logs, on the console and in the journal.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected; `None` for a plain one.
    pub tls: Option<Tls>,
    /// `cordon-{installation}`, the same at every start: the broker keeps unacknowledged messages under this name, and
    /// cuts off a former owner that still uses it. Two sources on one broker need two logins and two client ids.
    pub client_id: String,
    /// Who Cordon is to the broker.
    pub login: Option<Login>,
    /// The only vendor whose tags this source may speak for; any vendor's, if absent.
    pub vendor: Option<VendorName>,
}

/// How a TLS connection is judged.
#[derive(Debug, Clone)]
pub struct Tls {
    /// PEM file of the authorities to trust; those the system trusts, if absent.
    pub ca_file: Option<PathBuf>,
}

/// A name and a password. The password is never shown.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a source cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The authorities to trust cannot be read.
    #[error(
        "source '{name}': {file}: {problem}; name a PEM file with the certificates of the authorities to trust"
    )]
    CaFile {
        /// The source.
        name: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// TLS cannot be set up.
    #[error("source '{name}': TLS cannot be set up: {problem}")]
    Tls {
        /// The source.
        name: String,
        /// Why.
        problem: String,
    },
    /// A client id is needed for a session that outlives a connection.
    #[error("source '{0}': the client id is empty")]
    NoClientId(String),
}

impl Source {
    /// How to connect: with a session that outlives the connection, and every message acknowledged by hand.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub fn options(&self) -> Result<MqttOptions, SourceError> {
        if self.client_id.is_empty() {
            return Err(SourceError::NoClientId(self.name.clone()));
        }
        let mut options = MqttOptions::new(&self.client_id, &self.host, self.port);
        options
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_keep_alive(Duration::from_secs(KEEPALIVE_S))
            .set_max_packet_size(INCOMING_BYTES_MAX, OUTGOING_BYTES_MAX)
            // Never reached: the link counts the replies under way itself, because a client that has reached this
            // limit stops to send acknowledgements, too.
            .set_inflight(u16::MAX);
        if let Some(login) = &self.login {
            options.set_credentials(&login.name, &login.password);
        }
        if let Some(tls) = &self.tls {
            options.set_transport(Transport::Tls(TlsConfiguration::Rustls(Arc::new(self.tls_config(tls)?))));
        }
        Ok(options)
    }

    pub(super) fn subscriptions(&self) -> Vec<SubscribeFilter> {
        let vendor = self.vendor.as_ref().map_or("+", VendorName::as_str);
        [TopicKind::Ping, TopicKind::Status]
            .map(|kind| SubscribeFilter::new(format!("cordon/v1/{vendor}/+/{kind}"), QoS::AtLeastOnce))
            .to_vec()
    }

    fn tls_config(&self, tls: &Tls) -> Result<ClientConfig, SourceError> {
        let failed = |problem: rustls::Error| SourceError::Tls {
            name: self.name.clone(),
            problem: problem.to_string(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let builder = match &tls.ca_file {
            Some(file) => builder.with_root_certificates(self.authorities(file)?),
            None => builder.with_platform_verifier().map_err(failed)?,
        };
        Ok(builder.with_no_client_auth())
    }

    fn authorities(&self, file: &PathBuf) -> Result<RootCertStore, SourceError> {
        let wrong = |problem: String| SourceError::CaFile {
            name: self.name.clone(),
            file: file.display().to_string(),
            problem,
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))? {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it".into()));
        }
        Ok(roots)
    }
}

/// How every connection to a broker is set up.
#[must_use]
pub fn network_options() -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_S_MAX);
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            name: "tags".into(),
            host: "localhost".into(),
            port: 1,
            tls: None,
            client_id: "cordon-london".into(),
            login: Some(Login { name: "cordon-london".into(), password: "hunter2".into() }),
            vendor: None,
        }
    }

    #[test]
    fn a_half_open_link_is_noticed_and_given_up_within_15_s() {
        let options = source().options().unwrap();
        let noticed_s = 2 * options.keep_alive().as_secs();
        assert!(noticed_s + network_options().connection_timeout() <= 15);
        assert!(!options.clean_session() && options.manual_acks());
        assert_eq!(options.max_packet_size(), INCOMING_BYTES_MAX);
    }

    #[test]
    fn subscribes_to_pings_and_status_messages_of_its_vendor_or_of_all() {
        let paths = |source: Source| source.subscriptions().into_iter().map(|s| s.path).collect::<Vec<_>>();
        assert_eq!(paths(source()), ["cordon/v1/+/+/ping", "cordon/v1/+/+/status"]);
        let own = Source { vendor: Some("acme".parse().unwrap()), ..source() };
        assert_eq!(paths(own), ["cordon/v1/acme/+/ping", "cordon/v1/acme/+/status"]);
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", source()).contains("hunter2"));
    }

    #[test]
    fn a_ca_file_that_holds_no_certificate_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("ca.pem");
        std::fs::write(&empty, "nothing").unwrap();
        for file in [empty, folder.path().join("missing.pem")] {
            let source = Source { tls: Some(Tls { ca_file: Some(file.clone()) }), ..source() };
            let error = source.options().unwrap_err().to_string();
            assert!(error.contains("'tags'") && error.contains(file.to_str().unwrap()), "{error}");
        }
    }
}
