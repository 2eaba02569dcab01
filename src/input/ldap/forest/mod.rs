//! Reads a forest from one domain controller, and where there are several domains, from a global catalog.

mod catalog;
mod gaps;
mod hidden;
mod partitions;
mod requests;
mod root;

use std::collections::HashSet;

use ldap3::Scope;

use self::partitions::Partitions;
use self::root::Root;
use super::Live;
use super::address::Address;
use super::connect::Connector;
use super::failure::Failure;
use super::progress::Progress;
use super::search::{Refusal, SearchRequest, SearchResult};
use super::session::Session;
use super::settings::Auth;
use crate::directory::dn::Dn;
use crate::directory::entry::Reading;
use crate::directory::gap::Gap;
use crate::directory::schema::Purpose;
use crate::input::coverage::{self, Beside};
use crate::input::referral::target;
use crate::input::selection;

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
        purpose: connector.settings().purpose,
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
    /// Which attributes are asked for.
    purpose: Purpose,
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

        self.search(session, &partitions, Scope::OneLevel, requests::PARTITIONS, "the list of domains").await?;
        let (partitions_seen, unreadable) = Partitions::of(self.collected.entries(), &self.root.forest);
        self.partitions = partitions_seen;
        self.collected.gaps.extend(unreadable.iter().map(gaps::unreadable_partition));
        self.domains = self.domains_of_the_forest();
        let filter = requests::exchange_filter(&configuration);
        self.search(session, &exchange, Scope::Subtree, &filter, "the Exchange organization").await?;
        self.hidden_settings(session, &exchange).await?;
        self.lost_and_found(session, &below("CN=LostAndFoundConfig"), &filter).await?;
        self.search(session, &mappings, Scope::Base, requests::ANYTHING, "sPNMappings").await
    }

    /// The domains. That of the controller, and that of the forest, exist, whether their crossRefs were seen or not.
    fn domains_of_the_forest(&self) -> Vec<Dn> {
        let own = [self.root.forest.clone(), self.root.domain.clone()];
        let mut known = HashSet::new();
        self.partitions.domains().into_iter().chain(own).filter(|domain| known.insert(domain.clone())).collect()
    }

    /// Endpoints whose server was deleted on one domain controller while they were made on another end here. Not everyone
    /// may look, and hardly ever is there anything: that it is not seen is no gap.
    async fn lost_and_found(&mut self, session: &mut Session, base: &str, filter: &str) -> Result<(), Failure> {
        const NO_SUCH_OBJECT: u32 = 32;
        const INSUFFICIENT_ACCESS_RIGHTS: u32 = 50;
        let attributes = requests::attributes(self.purpose);
        let request = SearchRequest { base, scope: Scope::Subtree, filter, attributes: &attributes };
        let mut result = session.search(&request, self.progress).await?;
        let unseen = [NO_SUCH_OBJECT, INSUFFICIENT_ACCESS_RIGHTS];
        result.refusal = result.refusal.filter(|refusal| !unseen.contains(&refusal.code));
        self.keep(result, base, "what was lost and found");
        Ok(())
    }

    /// The accounts of the controller's own domain.
    async fn accounts_of_one_domain(&mut self, session: &mut Session) -> Result<(), Failure> {
        let domain = self.root.domain.clone();
        self.accounts(session, Some(domain)).await
    }

    /// Every holder of an SMTPSVC name, and the servers' accounts, below a naming context or in the whole catalog.
    async fn accounts(&mut self, session: &mut Session, base: Option<Dn>) -> Result<(), Failure> {
        let base = base.map(|dn| dn.as_str().to_owned()).unwrap_or_default();
        self.search(session, &base, Scope::Subtree, requests::HOLDERS, "the holders of SMTPSVC names").await?;
        let mut asked = HashSet::new();
        let first = requests::accounts(&self.collected, &mut asked);
        self.accounts_called(session, &base, &first).await?;
        // What the first round brings may bear names that others bear too.
        let second = requests::more_accounts(&self.collected, &mut asked);
        self.accounts_called(session, &base, &second).await?;
        self.hidden_names(session, &base).await
    }

    async fn accounts_called(&mut self, session: &mut Session, base: &str, filters: &[String]) -> Result<(), Failure> {
        for filter in filters {
            self.search(session, base, Scope::Subtree, filter, "the accounts of the Exchange servers").await?;
        }
        Ok(())
    }

    /// Makes one of the searches, and keeps what it brings.
    async fn search(
        &mut self,
        session: &mut Session,
        base: &str,
        scope: Scope,
        filter: &str,
        what: &'static str,
    ) -> Result<(), Failure> {
        let attributes = requests::attributes(self.purpose);
        let request = SearchRequest { base, scope, filter, attributes: &attributes };
        let result = match scope {
            Scope::Base => session.read(&request, self.progress).await?,
            _ => session.search(&request, self.progress).await?,
        };
        let place = if base.is_empty() { format!("global catalog {}", session.server) } else { base.to_owned() };
        self.keep(result, &place, what);
        Ok(())
    }

    /// Notes whether another server may answer what this one did not.
    fn note_refusal(&mut self, result: &SearchResult) {
        self.is_refused |= result.refusal.as_ref().is_some_and(Refusal::lies_with_the_server);
    }

    fn keep(&mut self, result: SearchResult, place: &str, what: &'static str) {
        self.note_refusal(&result);
        // What came twice in one answer is put together, and what an earlier answer brought is known.
        let mut brought = Reading::default();
        // One by one: as they came, a hundred thousand objects take more memory than the entries made of them.
        for found in result.entries {
            match found.entry() {
                Some(entry) => brought.add(entry),
                None => brought.gaps.push(gaps::nameless(&found.dn, place)),
            }
        }
        let (entries, gaps) = brought.into_parts();
        entries.for_each(|entry| self.collected.add_new(entry));
        self.collected.gaps.extend(gaps);
        let mut references = result.references;
        references.sort();
        references.dedup();
        for url in &references {
            match self.referral(url, place) {
                Some(gap) => self.collected.gaps.push(gap),
                None if !self.noted.insert(url.clone()) => {}
                None => {
                    let url = self.auth.without_password(url);
                    self.progress.detail(&format!("not followed, no account can lie there: {url}"));
                }
            }
        }
        let names = self.names();
        self.collected.gaps.extend(result.refusal.map(|refusal| gaps::refused(what, place, &refusal, &names)));
    }

    /// What commands need to name.
    fn names(&self) -> gaps::Names {
        let (forest, configuration) = (self.root.forest.clone(), self.root.configuration.clone());
        gaps::Names { forest, configuration, domains: self.domains.clone() }
    }

    /// What a referral means for the result: nothing, where it leads to a partition without accounts.
    fn referral(&self, url: &str, place: &str) -> Option<Gap> {
        let target = target(url);
        let harmless = |dn: &Dn| self.partitions.is_without_accounts(dn) || *dn == self.root.configuration;
        if target.as_ref().is_some_and(harmless) {
            None
        } else {
            Some(gaps::references(&self.auth.without_password(url), place, &self.root.forest))
        }
    }

    /// What was read, without what a recording of it would leave out: both ways must end in the same judgement.
    fn finish(self, server: String) -> Live {
        let in_commands = self.names();
        let mut reading = self.collected;
        let unexplained = selection::keep_selected(&mut reading);
        reading.gaps.extend(gaps::unexplained(&unexplained, &in_commands));
        let named = vec![self.root.forest.clone(), self.root.domain.clone()];
        let beside = Beside { named, ..Beside::default() };
        coverage::complete(&mut reading, &beside, coverage::Source::Live);
        reading.gaps.sort();
        reading.gaps.dedup();
        let (forest, domain) = (self.root.forest.dns_domain(), self.root.domain.dns_domain());
        Live { reading, server, forest, domain, is_refused: self.is_refused }
    }
}
