//! Whether each domain was seen at all: whoever may not look into one is answered with nothing, and with success.

use std::collections::HashSet;

use ldap3::Scope;

use super::{gaps, questions};
use crate::input::ldap::answer::Query;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::session::Session;
use crate::model::dn::Dn;
use crate::model::schema::Attribute;

impl super::Forest<'_> {
    /// The domains of the forest. That of the controller, and that of the forest, exist, whether their crossRefs were seen or not.
    pub(super) fn domains(&mut self, partitions: &str) -> Vec<Dn> {
        let mut domains = self.partitions.domains();
        let mut known = HashSet::new();
        domains.retain(|domain| known.insert(domain.clone()));
        if domains.is_empty() {
            self.collected.gaps.push(gaps::no_domains(partitions));
        }
        for own in [&self.root.forest, &self.root.domain] {
            if !domains.contains(own) {
                if !domains.is_empty() {
                    self.collected.gaps.push(gaps::hidden_domain(partitions, own));
                }
                domains.push(own.clone());
            }
        }
        domains
    }

    /// Where a domain gave no account, looks for a domain controller's, which every domain has, and which stands where accounts are.
    pub(super) async fn look_into(&mut self, session: &mut Session, domains: &[Dn]) -> Result<(), Failure> {
        let accounts = self.collected.entries().filter(|entry| entry.has(Attribute::SamAccountName));
        let seen: HashSet<String> = accounts.map(|entry| entry.dn.domain_key().to_owned()).collect();
        for domain in domains.iter().filter(|domain| !seen.contains(domain.key())) {
            let query = Query {
                base: domain.as_str(),
                scope: Scope::Subtree,
                filter: questions::CONTROLLERS,
                attributes: &["objectClass"],
            };
            let answer = session.search(&query, self.progress).await?;
            self.note_refusal(&answer);
            if answer.found.is_empty() {
                self.collected.gaps.push(gaps::invisible_domain(domain, &session.server, answer.refusal.as_ref()));
            }
        }
        Ok(())
    }
}
