//! What the witnesses said of a required name, held against what the directory shows.

use std::collections::BTreeSet;

use super::requirements::{Judged, Requirement, Status};
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::dn::Dn;
use crate::directory::endpoint::Endpoint;
use crate::directory::kerberos_error::{SERVICE_UNKNOWN, is_about_the_name};
use crate::directory::testimony::{Answer, Copy, Statement, Testimony, Witness, holders};
use crate::directory::text::{fold, same};

/// `STATUS_NO_SECRETS`: a read-only domain controller that keeps no copy of the account's keys.
const NO_SECRETS: u32 = 0xc000_0371;

/// What all witnesses said of one required name, held against the directory.
#[derive(Debug)]
pub struct Proof<'a> {
    /// The KDCs of the account's domain, by name.
    pub kdcs: Vec<OfKdc<'a>>,
    /// The domain controllers of the account's and the holders' domains, by name.
    pub controllers: Vec<OfController<'a>>,
    /// The endpoints that announce the name.
    pub endpoints: Vec<OfEndpoint<'a>>,
}

/// The answer of one KDC to the wish for a ticket to the name.
#[derive(Debug)]
pub struct OfKdc<'a> {
    /// The domain controller.
    pub server: &'a str,
    /// Its answer, or why it could not be heard.
    pub answer: Result<&'a Answer, &'a str>,
    /// Whether that is what the directory makes one expect; none where it does not tell.
    pub agrees: Option<bool>,
    /// Whether the domain controller's own copy of the directory explains its answer.
    pub is_explained: bool,
}

/// What a domain controller's copy of the directory shows.
#[derive(Debug)]
pub struct OfController<'a> {
    /// The domain controller.
    pub server: &'a str,
    /// What it shows, or why it could not be heard.
    pub seen: Result<Seen<'a>, &'a str>,
}

/// A name in one copy of the directory.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The DNs of the objects that hold the name there.
    pub holders: &'a [String],
    /// The server's account there.
    pub account: Option<&'a Copy>,
    /// The holders and the servers' accounts, as this copy has them.
    pub accounts: &'a [Copy],
    /// Whether it shows the same as the copy that was judged.
    pub is_same: bool,
}

/// The reply of one endpoint to EHLO.
#[derive(Debug)]
pub struct OfEndpoint<'a> {
    /// Whose configuration it is held against.
    pub endpoint: &'a Endpoint,
    /// Where it was asked, `HOST:PORT`.
    pub address: &'a str,
    /// What it said, or why it could not be heard.
    pub greeting: Result<Greeting<'a>, &'a str>,
}

/// What an endpoint tells of itself.
#[derive(Debug)]
pub struct Greeting<'a> {
    /// The first word of its reply to EHLO.
    pub announces: &'a str,
    /// What it offers, in clear and within TLS.
    pub offers: Vec<&'a str>,
    /// Whether it announces the configured name.
    pub is_named_so: bool,
    /// Whether it offers the Kerberos authentication that is configured.
    pub offers_kerberos: bool,
}

impl<'a> Proof<'a> {
    /// What was said of a name that a server requires; none if nobody was asked.
    #[must_use]
    pub fn of(directory: &'a Directory, judged: &Judged<'a>, requirement: &Requirement<'a>) -> Option<Self> {
        let testimony = &directory.testimony;
        if testimony.is_empty() {
            return None;
        }
        Some(Self {
            kdcs: kdcs(testimony, judged, requirement),
            controllers: controllers(testimony, judged, requirement),
            endpoints: endpoints(testimony, judged, requirement),
        })
    }
}

/// How much memory it takes to tell what was said of a name, more or less.
#[must_use]
pub(crate) fn weight(testimony: &Testimony, requirement: &Requirement<'_>) -> usize {
    const EACH: usize = 300;
    let of_others = testimony.others().map(|statement| match statement {
        Statement::Controller { held, .. } => {
            let holders = holders(held, requirement.spn.key()).unwrap_or_default();
            EACH + holders.iter().map(|dn| 2 * dn.len() + 50).sum::<usize>()
        }
        _ => EACH,
    });
    EACH * testimony.of_kdcs(requirement.spn.key()).count() + of_others.sum::<usize>()
}

/// Whether a KDC of this domain has to issue a ticket; none where the directory does not tell: because it was not read whole, or because
/// what is wrong with the only holder is a finding of its own.
fn expected(requirement: &Requirement<'_>, domain: &str) -> Option<bool> {
    if requirement.status == Status::Unresolved
        || requirement.holders.iter().all(|holder| holder.is_dead()) && !requirement.holders.is_empty()
    {
        return None;
    }
    let here = requirement.holders.iter().filter(|holder| same(&holder.domain.dns, domain)).count();
    match (requirement.holders.len(), here) {
        (0, _) => Some(false),
        (1, 1) => Some(true),
        // Whether a KDC looks for holders in other domains depends on what its catalog tells it.
        (_, several) if several > 1 => Some(false),
        _ => None,
    }
}

fn agrees(expected: Option<bool>, answer: &Answer) -> Option<bool> {
    match (expected?, answer) {
        (_, Answer::Refused { status: Some(NO_SECRETS), .. }) => None,
        (issued, Answer::Issued { .. }) => Some(issued),
        (false, Answer::Refused { code: SERVICE_UNKNOWN, .. }) => Some(true),
        (true, Answer::Referred { .. }) => Some(false),
        (true, Answer::Refused { code, .. }) if is_about_the_name(*code) => Some(false),
        _ => None,
    }
}

fn kdcs<'a>(testimony: &'a Testimony, judged: &Judged<'_>, requirement: &Requirement<'_>) -> Vec<OfKdc<'a>> {
    let domain = judged.account().map(|account| account.domain.dns.as_str());
    let answered = testimony.of_kdcs(requirement.spn.key()).map(|(server, domain, answer)| {
        let agrees = agrees(expected(requirement, domain), answer);
        let held = held(testimony, server, requirement).map(|holders| holders.len() == 1);
        let issued = matches!(answer, Answer::Issued { .. });
        // Nobody was asked who holds a name through HOST.
        let is_explained = held == Some(issued) && !requirement.is_held_through_host();
        OfKdc { server, answer: Ok(answer), agrees, is_explained }
    });
    let mut kdcs: Vec<OfKdc<'a>> = answered.collect();
    for (server, of, why) in unheard(testimony, Witness::Kdcs) {
        let is_asked = of.is_none() || of.zip(domain).is_none_or(|(of, domain)| same(of, domain));
        if is_asked && !kdcs.iter().any(|kdc| kdc.server == server) {
            kdcs.push(OfKdc { server, answer: Err(why), agrees: None, is_explained: false });
        }
    }
    kdcs.sort_by_key(|kdc| kdc.server);
    kdcs
}

fn held<'a>(testimony: &'a Testimony, controller: &str, requirement: &Requirement<'_>) -> Option<&'a [String]> {
    testimony.others().find_map(|statement| match statement {
        Statement::Controller { server, held, .. } if server == controller => holders(held, requirement.spn.key()),
        _ => None,
    })
}

fn unheard(testimony: &Testimony, of: Witness) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
    testimony.others().filter_map(move |statement| match statement {
        Statement::Unheard { asked, server, domain, why, .. } if *asked == of => {
            Some((server.as_str(), domain.as_deref(), why.as_str()))
        }
        _ => None,
    })
}

fn controllers<'a>(
    testimony: &'a Testimony,
    judged: &Judged<'_>,
    requirement: &Requirement<'_>,
) -> Vec<OfController<'a>> {
    let accounts = || judged.account().into_iter().chain(requirement.holders.iter().copied());
    let is_concerned = |domain: &str| accounts().any(|account| same(&account.domain.dns, domain));
    let mut controllers: Vec<OfController<'a>> = Vec::new();
    for statement in testimony.others() {
        if let Statement::Controller { server, domain, held, accounts } = statement
            && let Some(holders) = holders(held, requirement.spn.key())
            && (is_concerned(domain) || !holders.is_empty())
        {
            let seen = Seen::of(domain, holders, accounts, judged.account(), requirement);
            controllers.push(OfController { server, seen: Ok(seen) });
        }
    }
    for (server, domain, why) in unheard(testimony, Witness::Controllers) {
        if domain.is_none_or(is_concerned) {
            controllers.push(OfController { server, seen: Err(why) });
        }
    }
    controllers.sort_by_key(|controller| controller.server);
    controllers
}

impl<'a> Seen<'a> {
    fn of(
        domain: &str,
        holders: &'a [String],
        accounts: &'a [Copy],
        account: Option<&Account>,
        requirement: &Requirement<'_>,
    ) -> Self {
        let key = |dn: &String| Dn::parse(dn).map_or_else(|_| fold(dn), |dn| dn.key().to_owned());
        let found: BTreeSet<String> = holders.iter().map(key).collect();
        let own = |account: &&&Account| same(&account.domain.dns, domain);
        // A name held through HOST is none that anybody was asked for.
        let judged = requirement.holders.iter().filter(own).filter(|holder| holder.held(&requirement.spn).is_some());
        let judged: BTreeSet<String> = judged.map(|holder| holder.dn.key().to_owned()).collect();
        let account = account.filter(|account| own(&account));
        let copy = account.and_then(|account| accounts.iter().find(|copy| key(&copy.dn) == account.dn.key()));
        let is_alike = account.is_none_or(|account| copy.is_some_and(|copy| copy.enabled != account.disabled));
        Self { holders, account: copy, accounts, is_same: found == judged && is_alike }
    }
}

fn endpoints<'a>(testimony: &'a Testimony, judged: &Judged<'a>, requirement: &Requirement<'a>) -> Vec<OfEndpoint<'a>> {
    // One that only some computers may connect to may have taken the connection. Then nothing was said of this one.
    let is_another = |endpoint: &Endpoint, name: &str| {
        let others = judged.server.endpoints.iter().filter(|other| other.dn != endpoint.dn);
        others.filter_map(|other| judged.announced(other)).any(|announced| announced.is(name))
    };
    let of = |endpoint: &'a Endpoint| match testimony.of_endpoint(&endpoint.dn)? {
        Statement::Endpoint { address, announces, offers, within_tls, .. }
            if requirement.name.is(announces) || !is_another(endpoint, announces) =>
        {
            let offers: Vec<&str> = offers.iter().chain(within_tls.iter().flatten()).map(String::as_str).collect();
            let is_named_so = requirement.name.is(announces);
            let offers_kerberos = endpoint.kerberos.is_ok_and(|kerberos| kerberos.is_offered(&offers));
            let greeting = Greeting { announces, offers, is_named_so, offers_kerberos };
            Some(OfEndpoint { endpoint, address, greeting: Ok(greeting) })
        }
        Statement::Unheard { server, why, .. } => Some(OfEndpoint { endpoint, address: server, greeting: Err(why) }),
        _ => None,
    };
    requirement.needs.announced_by.iter().copied().filter_map(of).collect()
}
