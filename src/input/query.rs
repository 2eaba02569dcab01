//! What is asked of a directory, live or recorded: which objects matter, and why.

use std::collections::HashSet;

use crate::model::entry::Entry;
use crate::model::exchange;
use crate::model::schema::{self, Attribute};
use crate::model::spn::Spn;
use crate::model::text::fold;

/// The classes of the configuration partition that matter.
pub const CONFIGURATION_CLASSES: [&str; 4] =
    [schema::EXCHANGE_SERVER, schema::VIRTUAL_SERVER, schema::RECEIVE_CONNECTOR, schema::CROSS_REF];

/// Which objects the judgement needs. It grows while reading: once the Exchange servers are known, their accounts matter too,
/// even those that hold no SMTPSVC name; and once an object matters, so does all that is said of it elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `HOST/<name>` of every Exchange server and endpoint, as [`Spn::key`]: the first tell a server's account, all of them
    /// who answers to the name where `HOST` is made to stand for SMTPSVC.
    hosts: HashSet<String>,
    /// `<NetBIOS name>$` of every Exchange server, folded.
    accounts: HashSet<String>,
    /// [`Dn::key`](crate::model::dn::Dn::key) of every object that matters.
    names: HashSet<String>,
}

impl Wanted {
    /// Whether the judgement needs this object, as far as is known by now.
    #[must_use]
    pub fn includes(&self, entry: &Entry) -> bool {
        is_wanted_anyway(entry) || self.names.contains(entry.dn.key()) || self.is_account(entry)
    }

    /// Learns from an object that is kept: its name, and if it is an Exchange server, those of its account.
    pub fn learn(&mut self, entry: &Entry) {
        if entry.is_a(schema::EXCHANGE_SERVER) {
            let names = exchange::Names::of(entry);
            names.all().for_each(|name| self.learn_host(name));
            self.accounts.insert(names.sam_account_name());
        }
        for fqdn in [Attribute::VirtualServerFqdn, Attribute::ConnectorFqdn] {
            entry.values(fqdn).iter().for_each(|name| self.learn_host(name));
        }
        self.names.insert(entry.dn.key().to_owned());
    }

    fn learn_host(&mut self, name: &str) {
        self.hosts.insert(Spn::host(name).key().to_owned());
    }

    fn is_account(&self, entry: &Entry) -> bool {
        let holds_host = |value: &String| self.hosts.contains(Spn::held(value).key());
        entry.values(Attribute::ServicePrincipalName).iter().any(holds_host)
            || entry.values(Attribute::SamAccountName).iter().any(|name| self.accounts.contains(&fold(name)))
    }
}

/// Whether an object matters whatever else the directory holds.
fn is_wanted_anyway(entry: &Entry) -> bool {
    CONFIGURATION_CLASSES.iter().any(|class| entry.is_a(class))
        || !entry.values(Attribute::SpnMappings).is_empty()
        || entry.cut_off() == Some(Attribute::ServicePrincipalName)
        || entry.values(Attribute::ServicePrincipalName).iter().any(|value| Spn::held(value).is_smtpsvc())
}
