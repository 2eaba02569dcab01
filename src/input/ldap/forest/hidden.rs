//! Attributes that an object does not show: because they are not set, or because whoever asks may not see them?
//!
//! To Active Directory nothing is true of an attribute that may not be read, not even that it is absent (MS-ADTS 3.1.1.3.1.3):
//! an object matches `(|(a=*)(!(a=*)))` if a may be read. The same holds of an attribute that the schema does not have, so that
//! is asked first. Samba says of hidden ones that they are absent. There an object's replication metadata helps, which lists each
//! attribute that ever had a value; and who may write one is not one whom it is hidden from.

use std::collections::{HashMap, HashSet};

use ldap3::Scope;

use super::gaps::{self, Silent};
use super::requests;
use crate::directory::dn::Dn;
use crate::directory::entry::Entry;
use crate::directory::schema::{self, Attribute};
use crate::directory::server;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::response::SearchEntry;
use crate::input::ldap::search::SearchRequest;
use crate::input::ldap::session::Session;

const METADATA: &str = "replPropertyMetaData";
/// The attributes of the object that whoever asks may write.
const WRITABLE: &str = "allowedAttributesEffective";
const NAME_IN_SCHEMA: &str = "lDAPDisplayName";

/// Which attributes of the Exchange organization mean something where they are absent, or have to be there.
const SETTINGS: [(&str, &[Attribute]); 5] = [
    (schema::EXCHANGE_SERVER, &[Attribute::NetworkAddress, Attribute::CurrentServerRoles]),
    (
        schema::VIRTUAL_SERVER,
        &[
            Attribute::VirtualServerFqdn,
            Attribute::AuthenticationFlags,
            Attribute::AuthenticationProviders,
            Attribute::ServerAutoStart,
        ],
    ),
    (
        schema::RECEIVE_CONNECTOR,
        &[
            Attribute::ConnectorFqdn,
            Attribute::ConnectorEnabled,
            Attribute::ConnectorSecurity,
            Attribute::ConnectorRestrictions,
            Attribute::ConnectorOptions,
            Attribute::ConnectorRole,
        ],
    ),
    (
        schema::SEND_CONNECTOR,
        &[
            Attribute::SendEnabled,
            Attribute::SendFlags,
            Attribute::SendFqdn,
            Attribute::SmartHost,
            Attribute::SourceBridgeheads,
        ],
    ),
    (schema::ROUTING_GROUP_CONNECTOR, &[Attribute::SourceBridgeheads, Attribute::TargetBridgeheads]),
];

/// The same of accounts, with the number of each in replication metadata: 1.2.840.113556.1.4 has the same prefix everywhere.
const NAMES: [(Attribute, u32); 2] =
    [(Attribute::ServicePrincipalName, 0x0009_0303), (Attribute::DnsHostName, 0x0009_026b)];

impl super::Forest<'_> {
    /// Finds servers and connectors of which something is hidden, below the Exchange container.
    pub(super) async fn hidden_settings(&mut self, session: &mut Session, base: &str) -> Result<(), Failure> {
        // Samba would say of each that it is readable.
        if self.root.is_samba || !self.collected.entries().any(|entry| !attributes_of(entry).is_empty()) {
            return Ok(());
        }
        let known = self.attributes_of_the_schema(session).await?;
        let silent: Vec<Silent> = self.collected.entries().filter_map(|entry| silent(entry, base, &known)).collect();
        if silent.is_empty() {
            return Ok(());
        }
        let known_of = |(class, all): (&'static str, &[Attribute])| {
            (class, all.iter().copied().filter(|attribute| known.contains(attribute)).collect())
        };
        let filter = requests::readable_objects(SETTINGS.into_iter().map(known_of));
        let request = SearchRequest { base, scope: Scope::Subtree, filter: &filter, attributes: &["objectClass"] };
        let result = session.search(&request, self.progress).await?;
        self.note_refusal(&result);
        if let Some(refusal) = &result.refusal {
            let what = "what of the Exchange organization is hidden";
            self.collected.gaps.push(gaps::refused(what, base, refusal, &self.names()));
            return Ok(());
        }
        let readable: HashSet<Dn> = result.entries.iter().filter_map(|found| Dn::parse(&found.dn).ok()).collect();
        let hidden: Vec<Silent> = silent.into_iter().filter(|object| !readable.contains(&object.dn)).collect();
        self.collected.gaps.extend(gaps::hidden_settings(base, &hidden));
        Ok(())
    }

    /// Those that the schema has. If it cannot be read, those that somebody shows.
    async fn attributes_of_the_schema(&mut self, session: &mut Session) -> Result<HashSet<Attribute>, Failure> {
        let all = SETTINGS.iter().flat_map(|(_, attributes)| attributes.iter().copied());
        let base = format!("CN=Schema,{}", self.root.configuration);
        let filter = requests::named_in_schema(all.clone());
        let request =
            SearchRequest { base: &base, scope: Scope::OneLevel, filter: &filter, attributes: &[NAME_IN_SCHEMA] };
        let result = session.search(&request, self.progress).await?;
        let names = result.entries.iter().flat_map(|found| found.texts(NAME_IN_SCHEMA).collect::<Vec<_>>());
        let known: HashSet<Attribute> = names.filter_map(|name| Attribute::named(&name)).collect();
        let is_shown = |attribute: &Attribute| self.collected.entries().any(|entry| entry.has(*attribute));
        Ok(if known.is_empty() { all.filter(is_shown).collect() } else { known })
    }

    /// Finds accounts whose names are hidden.
    pub(super) async fn hidden_names(&mut self, session: &mut Session, base: &str) -> Result<(), Failure> {
        let silent: Vec<Silent> = self.collected.entries().filter_map(nameless).collect();
        let by_name: HashMap<&Dn, &Silent> = silent.iter().map(|account| (&account.dn, account)).collect();
        let mut open: HashSet<Dn> = HashSet::new();
        let asked = silent.iter().map(|account| (account.sam_account_name.as_str(), account.lacks.as_slice()));
        for filter in requests::readable_accounts(asked) {
            let attributes = [METADATA, WRITABLE];
            let request = SearchRequest { base, scope: Scope::Subtree, filter: &filter, attributes: &attributes };
            let result = session.search(&request, self.progress).await?;
            self.note_refusal(&result);
            for found in result.entries {
                let Ok(dn) = Dn::parse(&found.dn) else { continue };
                if !self.root.is_samba || by_name.get(&dn).is_some_and(|account| is_open(account, &found)) {
                    open.insert(dn);
                }
            }
        }
        let hidden = silent.iter().filter(|account| !open.contains(&account.dn));
        self.collected.gaps.extend(hidden.map(gaps::hidden_names));
        Ok(())
    }
}

/// The attributes that mean something on this object.
fn attributes_of(entry: &Entry) -> Vec<Attribute> {
    let is_meant = |class: &str| {
        if class == schema::EXCHANGE_SERVER { server::is_server(entry) } else { entry.is_a(class) }
    };
    let of_classes = SETTINGS.iter().filter(|(class, _)| is_meant(class));
    of_classes.flat_map(|(_, attributes)| attributes.iter().copied()).collect()
}

fn silent(entry: &Entry, base: &str, known: &HashSet<Attribute>) -> Option<Silent> {
    let base = Dn::parse(base).ok()?;
    let is_below = entry.dn.lineage().any(|above| above == base.key());
    let is_missing = |attribute: &Attribute| known.contains(attribute) && !entry.has(*attribute);
    let lacks: Vec<Attribute> = attributes_of(entry).into_iter().filter(is_missing).collect();
    (is_below && !lacks.is_empty()).then(|| Silent { dn: entry.dn.clone(), lacks, sam_account_name: String::new() })
}

/// An account that shows no name, and what it goes by.
fn nameless(entry: &Entry) -> Option<Silent> {
    let sam_account_name = entry.values(Attribute::SamAccountName).next()?.to_owned();
    // Only a machine has a name of its own in DNS.
    let may_have = |attribute| attribute != Attribute::DnsHostName || entry.is_a(schema::COMPUTER);
    let lacks: Vec<Attribute> =
        NAMES.iter().map(|(attribute, _)| *attribute).filter(|name| may_have(*name) && !entry.has(*name)).collect();
    (!lacks.is_empty()).then(|| Silent { dn: entry.dn.clone(), lacks, sam_account_name })
}

/// Whether Samba hides nothing of what the account does not show.
fn is_open(account: &Silent, found: &SearchEntry) -> bool {
    account.lacks.iter().all(|attribute| {
        let number = NAMES.iter().find(|(name, _)| name == attribute).map(|(_, number)| *number);
        number.is_some_and(|number| never_had(found, number)) || may_write(found, *attribute)
    })
}

fn never_had(found: &SearchEntry, number: u32) -> bool {
    let metadata = found.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(METADATA));
    let metadata = metadata.and_then(|(_, values)| values.first());
    metadata.is_some_and(|metadata| had(metadata, number) == Some(false))
}

fn may_write(found: &SearchEntry, attribute: Attribute) -> bool {
    found.texts(WRITABLE).any(|name| Attribute::named(&name) == Some(attribute))
}

/// Whether the attribute of this number ever had a value: whether it is listed among an object's metadata, which is a version, a count, and
/// 48 bytes for each attribute, its number first (`replPropertyMetaDataBlob`, MS-DRSR 5.169 and following). None if it cannot be read.
fn had(metadata: &[u8], attribute: u32) -> Option<bool> {
    let number = |bytes: &[u8]| bytes.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
    let entries = metadata.get(16..)?.as_chunks::<48>().0;
    let count = number(metadata.get(8..)?)?;
    (number(metadata)? == 1 && usize::try_from(count).ok()? == entries.len())
        .then(|| entries.iter().any(|entry| number(entry) == Some(attribute)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entry::entry;

    #[test]
    fn what_an_object_does_not_show_is_doubtful_if_it_could_have_it() {
        let known = HashSet::from([Attribute::ConnectorFqdn, Attribute::ConnectorRole, Attribute::NetworkAddress]);
        let connector =
            entry("CN=a,CN=x,DC=com", &[("objectClass", schema::RECEIVE_CONNECTOR), ("msExchSmtpReceiveRole", "32")]);
        assert_eq!(silent(&connector, "CN=x,DC=com", &known).unwrap().lacks, [Attribute::ConnectorFqdn]);
        assert!(silent(&connector, "CN=y,DC=com", &known).is_none());
        let role = [("objectClass", schema::EXCHANGE_SERVER), ("objectClass", schema::NO_SERVERS[0])];
        assert!(silent(&entry("CN=Frontend,CN=x,DC=com", &role), "CN=x,DC=com", &known).is_none());
    }

    #[test]
    fn only_machines_are_missed_in_dns() {
        let user = [("objectClass", "user"), ("sAMAccountName", "krbtgt"), ("servicePrincipalName", "kadmin/changepw")];
        assert!(nameless(&entry("CN=krbtgt", &user)).is_none());
        let machine = [("objectClass", "computer"), ("sAMAccountName", "EX01$")];
        let lacks = nameless(&entry("CN=EX01", &machine)).unwrap().lacks;
        assert_eq!(lacks, [Attribute::ServicePrincipalName, Attribute::DnsHostName]);
    }

    #[test]
    fn metadata_tells_whether_an_attribute_ever_had_a_value() {
        let metadata = |attributes: &[u32]| {
            let mut bytes = Vec::new();
            for number in [1, 0, u32::try_from(attributes.len()).unwrap(), 0] {
                bytes.extend(number.to_le_bytes());
            }
            for attribute in attributes {
                bytes.extend(attribute.to_le_bytes());
                bytes.extend([7; 44]);
            }
            bytes
        };
        assert_eq!(had(&metadata(&[0, 3, 0x0009_0303]), 0x0009_0303), Some(true));
        assert_eq!(had(&metadata(&[0, 3]), 0x0009_0303), Some(false));
        assert_eq!(had(&metadata(&[0, 3])[..63], 0x0009_0303), None);
        assert_eq!(had(&[], 0x0009_0303), None);
    }
}
