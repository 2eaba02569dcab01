//! Connectors that send: they belong to the organisation, and name the servers that they send from.

use super::dn::Dn;
use super::doubts::{Doubts, Facts};
use super::endpoint::Announces;
use super::entry::Entry;
use super::schema::{self, Attribute};

/// A send connector with Exchange Server authentication, which gives its FQDN to the receiver as the sender's name.
#[derive(Clone, Debug)]
pub struct SendConnector {
    /// The connector object.
    pub dn: Dn,
    /// The name that the Exchange Management Shell knows it by (`cn`).
    pub name: String,
    /// The name that it gives in EHLO; the server's own if it has none.
    pub announces: Announces,
    /// Where it sends to, as configured: host names or addresses, separated by commas or semicolons.
    pub smart_host: String,
    /// The objects below the servers that it sends from (`CN=1,CN=SMTP,CN=Protocols,…`).
    pub sources: Vec<Dn>,
}

impl SendConnector {
    /// The connector, if it is enabled and authenticates as an Exchange server. That of an Edge subscription, whose smart host is
    /// `--`, authenticates with certificates.
    pub(super) fn of(entry: &Entry, facts: &mut impl Facts) -> Option<Self> {
        /// `SmartHostAuthMechanism` stands above these bits of `msExchSmtpSendFlags`.
        const MECHANISM: u32 = 20;
        const EXCHANGE_SERVER: i64 = 8;
        const EDGE_SUBSCRIPTION: &str = "--";
        if !entry.is_a(schema::SEND_CONNECTOR) || facts.boolean(entry, Attribute::SendEnabled) == Some(false) {
            return None;
        }
        let mechanism = facts.integer(entry, Attribute::SendFlags)? >> MECHANISM;
        let smart_host = facts.text(entry, Attribute::SmartHost)?;
        (mechanism == EXCHANGE_SERVER && smart_host != EDGE_SUBSCRIPTION && !smart_host.is_empty()).then(|| Self {
            dn: entry.dn.clone(),
            name: entry.common_name(),
            announces: Announces::of(facts.text(entry, Attribute::SendFqdn)),
            smart_host,
            sources: names(entry, Attribute::SourceBridgeheads).collect(),
        })
    }

    /// The same where doubts are told of elsewhere.
    #[must_use]
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::of(entry, &mut Doubts::beside(Vec::new()))
    }

    /// What [`Self::smart_host`] consists of, without blanks.
    pub(crate) fn smart_hosts(&self) -> impl Iterator<Item = &str> {
        self.smart_host.split([',', ';']).map(str::trim).filter(|host| !host.is_empty())
    }
}

/// The virtual servers that a connector sends from or to.
pub fn bridgeheads(entry: &Entry) -> impl Iterator<Item = Dn> {
    let is_connector = entry.is_a(schema::SEND_CONNECTOR) || entry.is_a(schema::ROUTING_GROUP_CONNECTOR);
    let ends = [Attribute::SourceBridgeheads, Attribute::TargetBridgeheads];
    ends.into_iter().filter(move |_| is_connector).flat_map(|end| names(entry, end))
}

fn names(entry: &Entry, attribute: Attribute) -> impl Iterator<Item = Dn> {
    entry.values(attribute).filter_map(|name| Dn::parse(name).ok())
}
