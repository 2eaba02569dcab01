//! Accounts that show no name: because they hold none, or because whoever asks may not see it?
//!
//! To Active Directory nothing is true of an attribute that may not be read, not even that it is absent (MS-ADTS
//! 3.1.1.3.1.3): an object that matches `(!(servicePrincipalName=*))` holds no name. Samba says so of hidden ones too. There
//! the object's replication metadata helps, which lists each attribute that ever had a value; and who may write a name
//! is not one whom it is hidden from.

use std::collections::HashSet;

use ldap3::Scope;

use super::{gaps, questions};
use crate::input::ldap::answer::Query;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::found::Found;
use crate::input::ldap::session::Session;
use crate::model::dn::Dn;
use crate::model::entry::Entry;
use crate::model::schema::Attribute;

const METADATA: &str = "replPropertyMetaData";
/// The attributes of the object that whoever asks may write.
const WRITABLE: &str = "allowedAttributesEffective";

impl super::Forest<'_> {
    /// Finds accounts whose names are hidden.
    pub(super) async fn hidden_names(&mut self, session: &mut Session, base: &str) -> Result<(), Failure> {
        let nameless = |entry: &&Entry| !entry.has(Attribute::ServicePrincipalName);
        let accounts = self.collected.entries().filter(nameless);
        let doubtful: Vec<Entry> = accounts.filter(|entry| sam_account_name(entry).is_some()).cloned().collect();
        let mut empty: HashSet<Dn> = HashSet::new();
        for filter in questions::without_names(doubtful.iter().filter_map(sam_account_name)) {
            let query = Query { base, scope: Scope::Subtree, filter: &filter, attributes: &[METADATA, WRITABLE] };
            let answer = session.search(&query, self.progress).await?;
            self.note_refusal(&answer);
            for found in answer.found {
                if !self.root.is_samba || never_had_names(&found) || may_write_names(&found) {
                    empty.extend(Dn::parse(&found.dn));
                }
            }
        }
        let hidden = doubtful.iter().filter(|entry| !empty.contains(&entry.dn));
        self.collected.gaps.extend(hidden.map(gaps::hidden_names));
        Ok(())
    }
}

fn sam_account_name(entry: &Entry) -> Option<&str> {
    entry.values(Attribute::SamAccountName).next()
}

fn never_had_names(found: &Found) -> bool {
    let metadata = found.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(METADATA));
    let metadata = metadata.and_then(|(_, values)| values.first());
    metadata.is_some_and(|metadata| had_names(metadata) == Some(false))
}

fn may_write_names(found: &Found) -> bool {
    found.texts(WRITABLE).any(|name| Attribute::named(&name) == Some(Attribute::ServicePrincipalName))
}

/// Whether servicePrincipalName ever had a value: whether it is listed among an object's metadata, which is a version, a count, and
/// 48 bytes for each attribute, its number first (`replPropertyMetaDataBlob`, MS-DRSR 5.169 and following). None if it cannot be read.
fn had_names(metadata: &[u8]) -> Option<bool> {
    /// 1.2.840.113556.1.4.771, with its prefix at its place in everyone's table.
    const SERVICE_PRINCIPAL_NAME: u32 = 0x0009_0303;
    let number = |bytes: &[u8]| bytes.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
    let entries = metadata.get(16..)?.as_chunks::<48>().0;
    let count = number(metadata.get(8..)?)?;
    (number(metadata)? == 1 && usize::try_from(count).ok()? == entries.len())
        .then(|| entries.iter().any(|entry| number(entry) == Some(SERVICE_PRINCIPAL_NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(had_names(&metadata(&[0, 3, 0x0009_0303])), Some(true));
        assert_eq!(had_names(&metadata(&[0, 3])), Some(false));
        assert_eq!(had_names(&metadata(&[0, 3])[..63]), None);
        assert_eq!(had_names(&[]), None);
    }
}
