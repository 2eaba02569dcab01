//! Forests of several domains: holders and accounts come from a global catalog, which knows those of all domains.

use super::gaps;
use super::root::Root;
use crate::input::ldap::address::Address;
use crate::input::ldap::connect::Connector;
use crate::input::ldap::discover;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::session::Session;

impl super::Forest<'_> {
    /// Reads the accounts of all domains from the first global catalog that answers; without one, those of one domain.
    pub(super) async fn several_domains(
        &mut self,
        connector: &Connector<'_>,
        controller: &mut Session,
    ) -> Result<(), Failure> {
        let mut causes = Vec::new();
        let (before, kept) = (self.collected.clone(), connector.kept.now());
        let mut tried: Vec<String> = Vec::new();
        let mut candidates = self.near(connector, controller);
        let mut asked_dns = false;
        loop {
            if candidates.is_empty() && !asked_dns {
                asked_dns = true;
                let found = discover::catalogs(&self.root.forest.dns_domain(), connector.settings().step_timeout).await;
                candidates = found.unwrap_or_else(|failure| {
                    causes.push(failure.trouble().what().to_owned());
                    Vec::new()
                });
                candidates.retain(|host| !tried.iter().any(|tried| tried.eq_ignore_ascii_case(host)));
                continue;
            }
            if candidates.is_empty() {
                break;
            }
            let host = candidates.remove(0);
            let address = Address::catalog(&host, connector.settings().security);
            match self.whole_forest(connector, &address).await {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    // What was half-read is dropped.
                    self.collected = before.clone();
                    connector.kept.drop_all_since(kept);
                    let cause = failure.trouble().what().to_owned();
                    self.progress.note(&format!("the global catalog {address} is passed over: {cause}"));
                    causes.push(cause);
                }
            }
            tried.push(host);
        }
        self.collected.gaps.push(gaps::no_catalog(&self.names(), &self.root.domain, &causes));
        self.accounts_of_one_domain(controller).await
    }

    /// The controller itself, unless it says that it has no catalog, and the others that were named.
    fn near(&self, connector: &Connector<'_>, controller: &Session) -> Vec<String> {
        let own = (self.root.has_catalog != Some(false)).then(|| controller.host.clone());
        let security = connector.settings().security;
        let named = connector.settings().servers.iter().filter_map(|server| Address::parse(server, security).ok());
        let mut hosts: Vec<String> = own.into_iter().collect();
        for address in named {
            if address.host != controller.host && !hosts.contains(&address.host) {
                hosts.push(address.host);
            }
        }
        hosts
    }

    async fn whole_forest(&mut self, connector: &Connector<'_>, address: &Address) -> Result<(), Failure> {
        self.progress.connecting(&address.to_string());
        let mut session = connector.open(address).await?;
        let root = Root::read(&mut session, self.progress).await?;
        if root.has_catalog == Some(false) {
            return Err(Failure::server(format!("{address} is not ready to serve as a global catalog")));
        }
        if root.forest != self.root.forest {
            return Err(Failure::server(format!("{address} belongs to another forest")));
        }
        self.accounts(&mut session, None).await
    }
}
