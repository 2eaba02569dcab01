//! Reads a forest from one domain controller, and where there are several domains, from a global catalogue.

mod catalogue;
mod gaps;
mod hidden;
mod partitions;
mod questions;
mod root;
mod visible;

use std::collections::HashSet;

use ldap3::Scope;

use self::partitions::Partitions;
use self::root::Root;
use super::Live;
use super::address::Address;
use super::answer::{Answer, Query, Refusal};
use super::connect::Connector;
use super::failure::Failure;
use super::progress::Progress;
use super::session::Session;
use super::settings::Auth;
use crate::input::query;
use crate::model::directory::Directory;
use crate::model::dn::Dn;
use crate::model::entry::{Gap, Reading};
use crate::model::schema;

/// Reads everything, or says why this server is of no use.
pub(super) async fn read(
    connector: &Connector<'_>,
    address: &Address,
    progress: &mut dyn Progress,
) -> Result<Live, Failure> {
    let mut session = connector.open(address).await?;
    let root = Root::read(&mut session, progress).await?;
    let mut forest = Forest {
        root,
        partitions: Partitions::default(),
        domains: Vec::new(),
        collected: Reading::default(),
        noted: HashSet::new(),
        auth: connector.settings().auth.clone(),
        is_refused: false,
        progress,
    };
    forest.configuration(&mut session).await?;
    if forest.domains.len() > 1 {
        forest.several_domains(connector, &mut session).await?;
    } else {
        forest.accounts_of_one_domain(&mut session).await?;
    }
    Ok(forest.finish(session.server.clone()))
}

/// What is known by now.
struct Forest<'a> {
    root: Root,
    partitions: Partitions,
    domains: Vec<Dn>,
    collected: Reading,
    /// Referrals that were told of already.
    noted: HashSet<String>,
    /// Who asks, and so what must not be shown.
    auth: Auth,
    /// Whether a search was refused that another server may answer.
    is_refused: bool,
    progress: &'a mut dyn Progress,
}

impl Forest<'_> {
    /// What the configuration partition says: domains, Exchange servers with their endpoints, what HOST stands for.
    async fn configuration(&mut self, session: &mut Session) -> Result<(), Failure> {
        let configuration = self.root.configuration.clone();
        let below = |path: &str| format!("{path},{configuration}");
        let partitions = below("CN=Partitions");
        let exchange = below("CN=Microsoft Exchange,CN=Services");
        let mappings = below("CN=Directory Service,CN=Windows NT,CN=Services");

        self.search(session, &partitions, Scope::OneLevel, questions::PARTITIONS, "the list of domains").await?;
        let (partitions_seen, unreadable) = Partitions::of(self.collected.entries(), &self.root.forest);
        self.partitions = partitions_seen;
        self.collected.gaps.extend(unreadable.iter().map(gaps::unreadable_partition));
        self.domains = self.domains(&partitions);
        let filter = questions::exchange();
        self.search(session, &exchange, Scope::Subtree, &filter, "the Exchange organisation").await?;
        if !self.collected.entries().any(|entry| entry.is_a(schema::EXCHANGE_SERVER)) {
            self.collected.gaps.push(gaps::no_servers(&exchange));
        }
        self.servers_without_endpoints();
        self.lost_and_found(session, &below("CN=LostAndFoundConfig"), &filter).await?;
        self.search(session, &mappings, Scope::Base, questions::ANYTHING, "sPNMappings").await
    }

    /// Whoever may see a server but not what is below it is told of none, and of no refusal.
    fn servers_without_endpoints(&mut self) {
        let directory = Directory::of(self.collected.entries(), Vec::new());
        let judged = directory.servers.iter().filter(|server| server.skipped.is_none());
        let silent = judged.filter(|server| server.moves_mail && server.endpoints.is_empty());
        self.collected.gaps.extend(silent.map(|server| gaps::no_endpoints(&server.dn)));
    }

    /// Endpoints whose server was deleted on one domain controller while they were made on another end here. Not everyone
    /// may look, and hardly ever is there anything: that it is not seen is no gap.
    async fn lost_and_found(&mut self, session: &mut Session, base: &str, filter: &str) -> Result<(), Failure> {
        const NO_SUCH_OBJECT: u32 = 32;
        const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;
        let attributes = questions::attributes();
        let query = Query { base, scope: Scope::Subtree, filter, attributes: &attributes };
        let mut answer = session.search(&query, self.progress).await?;
        let unseen = [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS_RIGHTS];
        answer.refusal = answer.refusal.filter(|refusal| !unseen.contains(&refusal.code));
        self.keep(answer, base, "what was lost and found");
        Ok(())
    }

    /// The accounts of the controller's own domain.
    async fn accounts_of_one_domain(&mut self, session: &mut Session) -> Result<(), Failure> {
        let domain = self.root.domain.clone();
        self.accounts(session, Some(domain.clone())).await?;
        self.look_into(session, &[domain]).await
    }

    /// Every holder of an SMTPSVC name, and the servers' accounts, below a naming context or in the whole catalogue.
    async fn accounts(&mut self, session: &mut Session, base: Option<Dn>) -> Result<(), Failure> {
        let base = base.map(|dn| dn.as_str().to_owned()).unwrap_or_default();
        self.search(session, &base, Scope::Subtree, questions::HOLDERS, "the holders of SMTPSVC names").await?;
        for filter in questions::accounts(&self.collected, self.domains.len() > 1) {
            self.search(session, &base, Scope::Subtree, &filter, "the accounts of the Exchange servers").await?;
        }
        self.hidden_names(session, &base).await
    }

    /// Makes one of the searches, and keeps what it brings.
    async fn search(
        &mut self,
        session: &mut Session,
        base: &str,
        scope: Scope,
        filter: &str,
        what: &str,
    ) -> Result<(), Failure> {
        let attributes = questions::attributes();
        let query = Query { base, scope, filter, attributes: &attributes };
        let answer = match scope {
            Scope::Base => session.read(&query, self.progress).await?,
            _ => session.search(&query, self.progress).await?,
        };
        let is_unseen = scope == Scope::Base && answer.found.is_empty() && answer.refusal.is_none();
        self.collected.gaps.extend(is_unseen.then(|| gaps::unseen(what, base)));
        let place = if base.is_empty() { format!("global catalogue {}", session.server) } else { base.to_owned() };
        self.keep(answer, &place, what);
        Ok(())
    }

    /// Notes whether another server may answer what this one did not.
    fn note_refusal(&mut self, answer: &Answer) {
        self.is_refused |= answer.refusal.as_ref().is_some_and(Refusal::lies_with_the_server);
    }

    fn keep(&mut self, answer: Answer, place: &str, what: &str) {
        self.note_refusal(&answer);
        // What came twice in one answer is put together, and what an earlier answer brought is known.
        let mut brought = Reading::default();
        // One by one: as they came, a hundred thousand objects take more memory than the entries made of them.
        for found in answer.found {
            match found.entry() {
                Some(entry) => brought.add(entry),
                None => brought.gaps.push(gaps::nameless(&found.dn, place)),
            }
        }
        let (entries, gaps) = brought.into_parts();
        entries.for_each(|entry| self.collected.add_new(entry));
        self.collected.gaps.extend(gaps);
        let mut elsewhere = answer.elsewhere;
        elsewhere.sort();
        elsewhere.dedup();
        for url in &elsewhere {
            match self.referral(url, place) {
                Some(gap) => self.collected.gaps.push(gap),
                None if !self.noted.insert(url.clone()) => {}
                None => {
                    let url = self.auth.without_password(url);
                    self.progress.detail(&format!("not followed, no account can lie there: {url}"));
                }
            }
        }
        self.collected.gaps.extend(answer.refusal.map(|refusal| gaps::refused(what, place, &refusal)));
    }

    /// What a referral means for the result: nothing, where it leads to a partition without accounts.
    fn referral(&self, url: &str, place: &str) -> Option<Gap> {
        let target = target(url);
        let harmless = |dn: &Dn| self.partitions.is_without_accounts(dn) || *dn == self.root.configuration;
        if target.as_ref().is_some_and(harmless) {
            None
        } else {
            Some(gaps::elsewhere(&self.auth.without_password(url), place))
        }
    }

    /// What was read, without what a recording of it would leave out: both ways must end in the same judgement.
    fn finish(self, server: String) -> Live {
        let mut reading = self.collected;
        let unexplained = query::keep_wanted(&mut reading);
        reading.gaps.extend(gaps::unexplained(&unexplained));
        reading.gaps.sort();
        reading.gaps.dedup();
        let (forest, domain) = (self.root.forest.dns_domain(), self.root.domain.dns_domain());
        Live { reading, server, forest, domain, is_refused: self.is_refused }
    }
}

/// The object that an LDAP URL names: `ldap://host/DN?…`, percent-encoded.
fn target(url: &str) -> Option<Dn> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split('?').next()?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.split_first_chunk::<2>()) {
            (b'%', Some((digits, tail))) => {
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = tail;
            }
            (b'%', None) => return None,
            (other, _) => bytes.push(*other),
        }
    }
    Dn::parse(std::str::from_utf8(&bytes).ok()?).ok().filter(|dn| !dn.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_of_a_referral_is_read() {
        let dn = |url| target(url).map(|dn| dn.key().to_owned());
        assert_eq!(
            dn("ldap://contoso.com/CN=Configuration,DC=contoso,DC=com").as_deref(),
            Some("cn=configuration,dc=contoso,dc=com")
        );
        assert_eq!(dn("ldap://a/CN=x%20y,DC=com??sub").as_deref(), Some("cn=x y,dc=com"));
        for url in ["ldap://a", "ldap://a/", "x", "ldap://a/CN=%f", "ldap://a/CN=%zz", "ldap://a/nonsense"] {
            assert_eq!(dn(url), None, "{url}");
        }
    }
}
