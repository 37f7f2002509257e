//! Who may do what on a broker: the rules that `deploy/mosquitto` gives to a real one.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tag_wire::{Topic, TopicKind, VendorName};

use crate::domain::TagId;

/// What a login stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// Cordon itself.
    Service,
    /// One tag.
    Tag(TagId),
    /// A vendor's own server, which speaks for all its tags.
    Gateway(VendorName),
}

/// The logins of a broker. The client id of a connection must be its login's name, so that nobody takes over the session
/// of another.
#[derive(Default)]
pub struct Accounts {
    by_login: BTreeMap<String, Account>,
}

struct Account {
    role: Role,
    password: [u8; 32],
}

/// The login of a tag: `{tag}@{vendor}`. Neither name can contain an `@`; a slash is no good, because brokers refuse it in
/// client ids and in access rules.
#[must_use]
pub fn tag_login(tag: &TagId) -> String {
    format!("{}@{}", tag.tag(), tag.vendor())
}

/// The login of a vendor's gateway: `@{vendor}`, which no tag can have.
#[must_use]
pub fn gateway_login(vendor: &VendorName) -> String {
    format!("@{vendor}")
}

impl Accounts {
    /// Adds Cordon itself, whose login is its client id, `cordon-{installation}`.
    #[must_use]
    pub fn with_service(self, login: &str, password: &str) -> Self {
        self.with(login.into(), Role::Service, password)
    }

    /// Adds a tag; see [`tag_login`].
    #[must_use]
    pub fn with_tag(self, tag: &TagId, password: &str) -> Self {
        self.with(tag_login(tag), Role::Tag(tag.clone()), password)
    }

    /// Adds a vendor's gateway; see [`gateway_login`].
    #[must_use]
    pub fn with_gateway(self, vendor: &VendorName, password: &str) -> Self {
        self.with(gateway_login(vendor), Role::Gateway(vendor.clone()), password)
    }

    fn with(mut self, login: String, role: Role, password: &str) -> Self {
        self.by_login.insert(login, Account { role, password: digest(password.as_bytes()) });
        self
    }

    /// Whether someone may connect.
    pub(super) fn admits(&self, login: &str, password: &[u8], client_id: &str) -> bool {
        let account = self.by_login.get(login);
        client_id == login && account.is_some_and(|account| account.password == digest(password))
    }

    /// Whether a login may publish on a topic; a last will is published, too.
    pub(super) fn may_publish(&self, login: &str, topic: &str) -> bool {
        let (Some(account), Ok(topic)) = (self.by_login.get(login), Topic::parse(topic)) else {
            return false;
        };
        match &account.role {
            Role::Service => is_to_tag(topic.kind),
            Role::Tag(tag) => !is_to_tag(topic.kind) && *tag == TagId::new(&topic.vendor, &topic.tag),
            Role::Gateway(vendor) => !is_to_tag(topic.kind) && *vendor == topic.vendor,
        }
    }

    /// Whether a login may subscribe to a filter.
    pub(super) fn may_subscribe(&self, login: &str, filter: &str) -> bool {
        let Some(account) = self.by_login.get(login) else {
            return false;
        };
        match &account.role {
            Role::Service => filter.starts_with("cordon/v1/"),
            Role::Tag(tag) => Topic::parse(filter)
                .is_ok_and(|topic| is_to_tag(topic.kind) && *tag == TagId::new(&topic.vendor, &topic.tag)),
            Role::Gateway(vendor) => TopicKind::ALL
                .into_iter()
                .any(|kind| is_to_tag(kind) && filter == format!("cordon/v1/{vendor}/+/{kind}")),
        }
    }
}

fn is_to_tag(kind: TopicKind) -> bool {
    match kind {
        TopicKind::Ack | TopicKind::Reject | TopicKind::Cmd => true,
        TopicKind::Ping | TopicKind::Status => false,
    }
}

fn digest(password: &[u8]) -> [u8; 32] {
    Sha256::digest(password).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts::default()
            .with_service("cordon-x", "s")
            .with_tag(&"acme/T1".parse().unwrap(), "t")
            .with_gateway(&"acme".parse().unwrap(), "g")
    }

    #[test]
    fn a_login_needs_its_password_and_its_own_client_id() {
        let accounts = accounts();
        assert!(accounts.admits("T1@acme", b"t", "T1@acme"));
        for (login, password, client_id) in [
            ("T1@acme", "s", "T1@acme"),
            ("T1@acme", "", "T1@acme"),
            ("T1@acme", "t", "cordon-x"),
            ("T1@acme", "t", "T1@acme-2"),
            ("T1@acme", "t", ""),
            ("T2@acme", "t", "T2@acme"),
            ("", "", ""),
        ] {
            assert!(
                !accounts.admits(login, password.as_bytes(), client_id),
                "{login} {password} {client_id}"
            );
        }
    }

    #[test]
    fn the_rules_are_a_table() {
        let accounts = accounts();
        let publish = |login: &str, topic: &str| accounts.may_publish(login, topic);
        let subscribe = |login: &str, filter: &str| accounts.may_subscribe(login, filter);
        for kind in TopicKind::ALL {
            let (own, sister) = (format!("cordon/v1/acme/T1/{kind}"), format!("cordon/v1/acme/T2/{kind}"));
            let (foreign, all) = (format!("cordon/v1/other/T1/{kind}"), format!("cordon/v1/acme/+/{kind}"));
            let down = is_to_tag(kind);
            assert_eq!((publish("T1@acme", &own), subscribe("T1@acme", &own)), (!down, down), "{kind}");
            assert_eq!((publish("@acme", &own), subscribe("@acme", &all)), (!down, down), "{kind}");
            assert_eq!((publish("cordon-x", &own), subscribe("cordon-x", &all)), (down, true), "{kind}");
            for topic in [&sister, &foreign, &all] {
                assert!(!publish("T1@acme", topic) && !subscribe("T1@acme", topic), "{topic}");
            }
            assert!(!publish("@acme", &foreign) && !subscribe("@acme", &foreign));
            assert!(!publish("nobody", &own) && !subscribe("nobody", &own));
        }
        for filter in [
            "#",
            "cordon/v1/#",
            "$share/g/cordon/v1/acme/T1/ack",
            "cordon/v1/acme/T1/#",
            "cordon/v1/acme/T1/+",
        ] {
            assert!(!subscribe("T1@acme", filter) && !subscribe("@acme", filter), "{filter}");
        }
        for filter in ["#", "$SYS/#", "$share/g/cordon/v1/#", "other/#"] {
            assert!(!subscribe("cordon-x", filter), "{filter}");
        }
    }
}
