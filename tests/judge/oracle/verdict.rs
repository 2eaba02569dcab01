//! The findings of an organisation.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::oracle::account::Choice;
use crate::judge::oracle::directory::{Kind, Server, is_host_name};
use crate::judge::oracle::entries::fold;
use crate::judge::oracle::judge::{Need, Relations, Severity};
use crate::judge::oracle::questions::{
    ACCOUNTS_OF_IDLE_SERVERS_ARE_JUDGED, ANY_ENABLED_CONNECTOR_OFFERS, NO_ENDPOINTS_OFFER_NOTHING,
    ONLY_BIT_16_IS_NAMED, OWN_NAME_TWICE_IS_TO_DECIDE, SENDING_CONCERNS_BIT_16, STRAY_NEEDS_AN_ACCOUNT,
};
use crate::judge::oracle::remedy::{Cure, Kinds};

#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) servers: BTreeSet<String>,
    /// `SERVER\name`
    pub(crate) endpoints: BTreeSet<String>,
    pub(crate) spn: Option<String>,
    pub(crate) holders: BTreeSet<String>,
    pub(crate) cure: Cure,
}

pub(crate) fn findings(relations: &Relations, complete: bool) -> Vec<Finding> {
    let judge = Judge { relations, complete };
    let mut findings = Vec::new();
    for ((server, name), need) in &relations.needs {
        findings.extend(judge.of_status(*server, name, need));
        findings.extend(judge.exchange_auth_fqdn(*server, name, need));
    }
    let names: BTreeSet<&String> = relations.needs.keys().map(|(_, name)| name).collect();
    for name in names {
        findings.extend(judge.of_name("foreign", name));
        let shared = judge.of_name("shared", name);
        findings.extend(shared.as_ref().and_then(Judge::duplicate_of_shared));
        findings.extend(shared);
    }
    for (index, server) in relations.judged() {
        if ACCOUNTS_OF_IDLE_SERVERS_ARE_JUDGED || relations.needs.keys().any(|(needing, _)| *needing == index) {
            findings.extend(judge.account_trouble(index));
            findings.extend(judge.host_name_mismatch(index, server));
            findings.extend(judge.stray_host_spn(index));
        }
        findings.extend(judge.no_exchange_auth(index, server));
        findings.extend(judge.invalid_fqdn(index, server));
        findings.extend(judge.odd_values(index));
    }
    findings.extend(judge.send_connectors());
    findings.extend(judge.orphans());
    findings
}

struct Judge<'a> {
    relations: &'a Relations<'a>,
    complete: bool,
}

impl Judge<'_> {
    fn bare(&self, code: &'static str, severity: Severity, servers: &BTreeSet<usize>) -> Finding {
        let name = |server: &usize| self.relations.directory.servers[*server].name.clone();
        Finding {
            code,
            severity,
            servers: servers.iter().map(name).collect(),
            endpoints: BTreeSet::new(),
            spn: None,
            holders: BTreeSet::new(),
            cure: Cure::decide(),
        }
    }

    fn about(&self, code: &'static str, severity: Severity, servers: &BTreeSet<usize>, name: &str) -> Finding {
        let holders = self.relations.dns(&self.relations.holders(name));
        Finding { spn: Some(format!("smtpsvc/{name}")), holders, ..self.bare(code, severity, servers) }
    }

    fn endpoints(&self, server: usize, endpoints: &BTreeSet<usize>) -> BTreeSet<String> {
        let of = &self.relations.directory.servers[server].name;
        let names = self.relations.endpoint_names(server, endpoints);
        names.into_iter().map(|name| format!("{of}\\{name}")).collect()
    }

    /// Endpoints with bit 16 that announce a name which is none of the server's.
    fn with_exchange_auth(&self, server: usize, name: &str, need: &Need) -> BTreeSet<usize> {
        let own = self.relations.host_names(server).contains(name);
        let endpoints = &self.relations.directory.servers[server].endpoints;
        let concerned = need.endpoints.iter().copied().filter(|at| !own && endpoints[*at].has_exchange_auth());
        concerned.collect()
    }

    fn of_status(&self, server: usize, name: &str, need: &Need) -> Option<Finding> {
        let replaced = !self.with_exchange_auth(server, name, need).is_empty();
        let only_host_name = need.needed_as.iter().all(|why| *why == "host-name");
        let mild = if only_host_name { Severity::Warning } else { Severity::Error };
        let held = || self.relations.cure_of_held(server, name, self.complete);
        let missing = || self.relations.cure_of_missing(server, name, self.complete);
        let (code, severity, cure) = match self.relations.status(server, name) {
            "missing" if only_host_name => ("missing-host-spn", need.severity, missing()),
            "missing" if !replaced => ("missing-spn", need.severity, missing()),
            "misplaced" if !replaced => ("misplaced-spn", mild, held()),
            "duplicate" => ("duplicate-spn", mild, held()),
            _ => return None,
        };
        let endpoints = self.endpoints(server, &need.endpoints);
        Some(Finding { endpoints, cure, ..self.about(code, severity, &BTreeSet::from([server]), name) })
    }

    fn exchange_auth_fqdn(&self, server: usize, name: &str, need: &Need) -> Option<Finding> {
        let concerned = self.with_exchange_auth(server, name, need);
        let status = self.relations.status(server, name);
        if concerned.is_empty() || ["foreign", "shared"].contains(&status) {
            return None;
        }
        let severity = if status == "registered" { Severity::Warning } else { Severity::Error };
        let named = if ONLY_BIT_16_IS_NAMED { &concerned } else { &need.endpoints };
        let finding = self.about("exchange-auth-fqdn", severity, &BTreeSet::from([server]), name);
        let cure = Cure::never(Kinds::First("exchange"));
        Some(Finding { endpoints: self.endpoints(server, named), cure, ..finding })
    }

    /// One finding for a name that belongs to somebody else, or to nobody and is announced twice.
    fn of_name(&self, status: &str, name: &str) -> Option<Finding> {
        let of_name = self.relations.needs.iter().filter(|((_, other), _)| other == name);
        let concerned: Vec<(usize, &Need)> = of_name
            .filter(|((server, _), _)| self.relations.status(*server, name) == status)
            .map(|((server, _), need)| (*server, need))
            .collect();
        let servers: BTreeSet<usize> = concerned.iter().map(|(server, _)| *server).collect();
        let accounts: BTreeSet<usize> = servers.iter().filter_map(|server| self.relations.account(*server)).collect();
        let holders = self.relations.holders(name);
        let severe = concerned.iter().any(|(server, need)| self.is_severe(*server, need));
        let strangers = holders.difference(&accounts).next().is_some();
        let severity = if severe || strangers { Severity::Error } else { Severity::Warning };
        let announced = concerned.iter().any(|(_, need)| !need.endpoints.is_empty());
        let (code, cure) = if status == "foreign" {
            ("foreign-fqdn", self.relations.cure_of_foreign(&servers, name))
        } else {
            let is_own = |server: &usize| self.relations.host_names(*server).contains(name);
            let kinds = match announced {
                _ if OWN_NAME_TWICE_IS_TO_DECIDE && servers.iter().any(is_own) => Kinds::First("decide"),
                true => Kinds::First("exchange"),
                false => Kinds::Any,
            };
            ("shared-fqdn", Cure::never(kinds))
        };
        let endpoints = concerned.iter().flat_map(|(server, need)| self.endpoints(*server, &need.endpoints)).collect();
        let finding = Finding { endpoints, cure, ..self.about(code, severity, &servers, name) };
        (!servers.is_empty()).then_some(finding)
    }

    fn is_severe(&self, server: usize, need: &Need) -> bool {
        let endpoints = &self.relations.directory.servers[server].endpoints;
        let severe = |at: &usize| endpoints[*at].is_virtual_server() || endpoints[*at].has_exchange_auth();
        let as_sender = SENDING_CONCERNS_BIT_16 && need.needed_as.contains("sender");
        as_sender || need.endpoints.iter().any(severe)
    }

    fn duplicate_of_shared(shared: &Finding) -> Option<Finding> {
        let cure = Cure { kinds: Kinds::Any, ready: Some(BTreeSet::new()) };
        let twice = shared.holders.len() > 1;
        twice.then(|| Finding { code: "duplicate-spn", severity: Severity::Error, cure, ..shared.clone() })
    }

    fn account_trouble(&self, server: usize) -> Option<Finding> {
        let objects = &self.relations.directory.objects;
        let code = match self.relations.choices[server] {
            Choice::Nobody => "no-computer-account",
            Choice::Ambiguous => "ambiguous-computer-account",
            // A conflict object cannot log on either: with nothing said, it would be healthy.
            Choice::Account(account) if objects[account].dead => "disabled-account",
            Choice::Account(_) | Choice::Misnamed => return None,
        };
        Some(self.bare(code, Severity::Error, &BTreeSet::from([server])))
    }

    fn host_name_mismatch(&self, index: usize, server: &Server) -> Option<Finding> {
        let severity = match self.relations.choices[index] {
            Choice::Misnamed => Severity::Error,
            Choice::Account(_) if server.undotted => Severity::Warning,
            Choice::Account(account) => {
                let host = self.relations.directory.objects[account].dns_host.as_ref()?;
                (Some(host) != self.relations.fqdns[index].as_ref()).then_some(Severity::Warning)?
            }
            _ => return None,
        };
        Some(self.bare("host-name-mismatch", severity, &BTreeSet::from([index])))
    }

    fn stray_host_spn(&self, server: usize) -> Option<Finding> {
        let account = self.relations.account(server);
        let fqdn = self.relations.fqdns[server].as_ref()?;
        let holders = self.relations.holders_of(&format!("host/{fqdn}"));
        let stray = |holder: &usize| {
            let machine = self.relations.directory.objects[*holder].machine;
            Some(*holder) != account && (account.is_some() || (!STRAY_NEEDS_AN_ACCOUNT && !machine))
        };
        let finding = self.bare("stray-host-spn", Severity::Error, &BTreeSet::from([server]));
        holders.iter().any(stray).then(|| Finding {
            spn: Some(format!("host/{fqdn}")),
            holders: self.relations.dns(&holders),
            cure: self.relations.cure_of_stray(server, fqdn, self.complete),
            ..finding
        })
    }

    fn no_exchange_auth(&self, index: usize, server: &Server) -> Option<Finding> {
        let offers = |kind: Kind, capable: bool| {
            let Kind::Connector { exchange_auth, enabled, .. } = kind else { return false };
            exchange_auth && enabled && (capable || ANY_ENABLED_CONNECTOR_OFFERS)
        };
        let relevant = |first: bool, dn: &String| first || self.relations.directory.bridgeheads.contains(dn);
        let off = |kind: Kind, dn: &String| match kind {
            Kind::VirtualServer { first, integrated } => !integrated && relevant(first, dn),
            Kind::Connector { .. } => false,
        };
        let missing = if server.generation.is_old() {
            server.endpoints.iter().any(|endpoint| off(endpoint.kind, &endpoint.dn))
        } else {
            !server.endpoints.iter().any(|endpoint| offers(endpoint.kind, endpoint.capable))
        };
        let missing = missing && (NO_ENDPOINTS_OFFER_NOTHING || !server.endpoints.is_empty());
        let several = self.relations.judged().count() > 1;
        let finding = self.bare("no-exchange-auth", Severity::Warning, &BTreeSet::from([index]));
        (several && missing).then_some(finding)
    }

    fn invalid_fqdn(&self, index: usize, server: &Server) -> Option<Finding> {
        let invalid = |at: &usize| {
            let endpoint = &server.endpoints[*at];
            let announced = self.relations.announced(index, endpoint);
            endpoint.capable && announced.is_some_and(|name| !is_host_name(&name))
        };
        let concerned: BTreeSet<usize> = (0..server.endpoints.len()).filter(invalid).collect();
        let finding = self.bare("invalid-fqdn", Severity::Error, &BTreeSet::from([index]));
        let endpoints = self.endpoints(index, &concerned);
        (!concerned.is_empty()).then_some(Finding { endpoints, ..finding })
    }

    /// Malformed and unused values on the account of a server.
    fn odd_values(&self, server: usize) -> Vec<Finding> {
        let Some(account) = self.relations.account(server) else { return Vec::new() };
        let object = &self.relations.directory.objects[account];
        let mut own = self.relations.host_names(server);
        own.extend(object.dns_host.clone());
        let finding = |spn: &String| {
            let spn = fold(spn);
            let rest = spn.strip_prefix("smtpsvc/")?;
            let (code, severity) = match (is_well_formed(rest), own.contains(rest) || self.is_needed(rest)) {
                (false, _) => ("malformed-spn", Severity::Warning),
                (true, false) => ("unused-spn", Severity::Info),
                (true, true) => return None,
            };
            let holders = self.relations.dns(&self.relations.holders_of(&spn));
            let finding = self.bare(code, severity, &BTreeSet::from([server]));
            Some(Finding { spn: Some(spn), holders, ..finding })
        };
        object.spns.iter().filter_map(finding).collect()
    }

    fn is_needed(&self, name: &str) -> bool {
        let sent = |of: &crate::judge::oracle::directory::SendConnector| fold(&of.fqdn) == name;
        self.relations.needs.keys().any(|(_, needed)| needed == name)
            || self.relations.directory.send_connectors.iter().any(sent)
    }

    fn send_connectors(&self) -> Vec<Finding> {
        let mut by_name: BTreeMap<String, (Severity, BTreeSet<usize>)> = BTreeMap::new();
        for connector in &self.relations.directory.send_connectors {
            let name = fold(&connector.fqdn);
            let has_it = |server: &usize| self.relations.host_names(*server).contains(&name);
            if connector.sources.len() == 1 && connector.sources.iter().all(has_it) {
                continue;
            }
            let inside = !self.relations.servers_called(&fold(&connector.smart_host)).is_empty();
            let severity = if inside { Severity::Error } else { Severity::Warning };
            let entry = by_name.entry(name).or_insert((severity, BTreeSet::new()));
            entry.0 = entry.0.max(severity);
            entry.1.extend(&connector.sources);
        }
        let cure = || Cure::never(Kinds::First("exchange"));
        let finding = |(name, (severity, servers)): (String, (Severity, BTreeSet<usize>))| Finding {
            cure: cure(),
            ..self.about("send-connector-fqdn", severity, &servers, &name)
        };
        by_name.into_iter().map(finding).collect()
    }

    /// One for all: they have neither a server nor an SPN that could tell them apart.
    fn orphans(&self) -> Option<Finding> {
        let lost = self.relations.directory.homeless.iter().filter(|endpoint| is_lost(&endpoint.dn));
        let endpoints: BTreeSet<String> = lost.map(|endpoint| endpoint.name.clone()).collect();
        let finding = self.bare("orphan-endpoint", Severity::Warning, &BTreeSet::new());
        (!endpoints.is_empty()).then_some(Finding { endpoints, ..finding })
    }
}

pub(crate) fn is_lost(dn: &str) -> bool {
    fold(dn).contains(",cn=lostandfoundconfig,cn=configuration,")
}

/// `host[:port][/name]`
fn is_well_formed(rest: &str) -> bool {
    let (host_and_port, name) = rest.split_once('/').map_or((rest, None), |(before, after)| (before, Some(after)));
    let (host, port) =
        host_and_port.split_once(':').map_or((host_and_port, None), |(before, after)| (before, Some(after)));
    let named = name.is_none_or(|name| !name.is_empty() && !name.contains('/'));
    !host.is_empty() && port.is_none_or(|port| !port.is_empty()) && named
}
