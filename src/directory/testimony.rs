//! What the witnesses said: the KDC and the directory of each domain controller, and the SMTP endpoints themselves.
//!
//! `check --prove` asks them, `record --prove` keeps their words, and the judgement holds them against what the directory shows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::dn::Dn;
use super::text::{fold, same};

/// One thing that a witness said, or that it could not be heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "witness", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Statement {
    /// The KDC of a domain controller, of a service principal name.
    Kdc {
        /// The domain controller, `dc1.contoso.com`.
        server: String,
        /// The DNS name of its domain.
        domain: String,
        /// What it was asked for a ticket to.
        spn: String,
        /// A ticket, a referral, or why there is neither.
        answer: Answer,
    },
    /// The directory of a domain controller, as far as it was asked.
    Controller {
        /// The domain controller, `dc1.contoso.com`.
        server: String,
        /// The DNS name of its domain.
        domain: String,
        /// The names it was asked for, each with the objects that hold it there.
        held: Vec<Held>,
        /// The servers' accounts and the other holders there.
        accounts: Vec<Copy>,
    },
    /// The clock of a domain controller.
    Clock {
        /// The domain controller, `dc1.contoso.com`.
        server: String,
        /// The DNS name of its domain.
        domain: String,
        /// How many seconds it is ahead of this machine's clock; negative if it is behind.
        ahead: i64,
    },
    /// The reply of an SMTP endpoint to EHLO.
    Endpoint {
        /// The DN of the endpoint object.
        endpoint: String,
        /// Where it was reached, `ex01.contoso.com:25`.
        address: String,
        /// The name in its reply to EHLO.
        announces: String,
        /// What it offers there, keyword by keyword, in clear.
        offers: Vec<String>,
        /// The same within TLS; absent where TLS could not be begun.
        within_tls: Option<Vec<String>>,
        /// How many seconds the clock in its banner is ahead of this machine's.
        ahead: Option<i64>,
    },
    /// A witness that could not be heard.
    Unheard {
        /// Which of its services was asked.
        asked: Witness,
        /// The machine, or what stands for it.
        server: String,
        /// The DNS name of its domain, where it has one.
        domain: Option<String>,
        /// The DN of the endpoint object, where it is one.
        endpoint: Option<String>,
        /// What went wrong, as a clause.
        why: String,
        /// What to do about it.
        fix: Option<String>,
    },
}

/// What `--prove` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The KDC of each domain controller.
    Kdcs,
    /// The directory and the clock of each domain controller.
    Controllers,
    /// The SMTP endpoints that a server requires SPNs for and that take connections from anywhere.
    Smtp,
}

/// What a KDC makes of the wish for a ticket to a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// A ticket to the service itself.
    Issued {
        /// The encryption type of the key it is sealed with: 18 and 17 for AES, 23 for RC4.
        etype: i32,
        /// The version of that key.
        kvno: Option<u32>,
        /// The encryption types that the KDC holds of the service, as in `msDS-SupportedEncryptionTypes`.
        supported: Option<u32>,
    },
    /// Another realm is to be asked.
    Referred {
        /// Its name, `EMEA.CONTOSO.COM`.
        realm: String,
    },
    /// None, for this reason.
    Refused {
        /// The error code (RFC 4120, section 7.5.9).
        code: i32,
        /// The NTSTATUS that Windows adds.
        status: Option<u32>,
    },
}

/// Who holds a name on a domain controller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// What the controller was asked for, `SMTPSVC/ex01.contoso.com`.
    pub spn: String,
    /// The DNs of the objects that hold it.
    pub holders: Vec<String>,
}

/// An account as a domain controller has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// Where it lies there.
    pub dn: String,
    /// Whether it may log on there.
    pub enabled: bool,
    /// How often its service principal names were changed, where that may be read.
    pub version: Option<u64>,
    /// When they were last changed, where that may be read: seconds since 1970.
    pub changed: Option<u64>,
}

/// All that witnesses are asked.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// What `--prove` named.
    pub witnesses: HashSet<Witness>,
    /// What each domain's controllers are asked, by its folded DNS name.
    pub domains: BTreeMap<String, OfDomain>,
    /// The names that every controller is asked for, each once.
    pub spns: Vec<String>,
    /// The SMTP endpoints that are asked.
    pub endpoints: Vec<OfEndpoint>,
    /// What is asked already: domain, if any, and name, folded.
    known: HashSet<(Option<String>, String)>,
}

/// What the controllers of a domain are asked.
#[derive(Clone, Debug, Default)]
pub struct OfDomain {
    /// The names that its KDCs are asked for.
    pub spns: Vec<String>,
    /// The logon names that its controllers are asked for.
    pub accounts: BTreeSet<String>,
    /// The domain's NetBIOS name, if it is known.
    pub netbios: Option<String>,
}

/// An SMTP endpoint that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfEndpoint {
    /// The DN of the endpoint object.
    pub endpoint: String,
    /// Its server's FQDN, or the address it is bound to.
    pub host: String,
    /// The TCP port it is bound to; 25 unless configured otherwise.
    pub port: u16,
}

impl Questions {
    /// Adds a name, that of the KDCs of this domain, too, if it is known.
    pub fn ask(&mut self, spn: &str, domain: Option<&str>) {
        if self.known.insert((None, fold(spn))) {
            self.spns.push(spn.to_owned());
        }
        if let Some(domain) = domain
            && self.known.insert((Some(domain.to_owned()), fold(spn)))
        {
            self.domains.entry(domain.to_owned()).or_default().spns.push(spn.to_owned());
        }
    }

    /// Whether these witnesses are asked.
    #[must_use]
    pub fn asks(&self, witness: Witness) -> bool {
        self.witnesses.contains(&witness)
    }

    /// `user@contoso.com` of a user as a simple bind takes it; none of a DN, or of a domain that is not known.
    #[must_use]
    pub fn principal(&self, user: &str) -> Option<String> {
        let Some((netbios, name)) = user.split_once('\\') else {
            return (user.contains('@') && !user.contains('=')).then(|| user.to_owned());
        };
        let is_meant = |asked: &OfDomain| asked.netbios.as_deref().is_some_and(|own| same(own, netbios));
        let (domain, _) = self.domains.iter().find(|(_, asked)| is_meant(asked))?;
        Some(format!("{name}@{domain}"))
    }
}

/// All statements, to be found by name and by endpoint.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    statements: Vec<Statement>,
    /// The places of the KDCs' answers, by the folded name they were asked for.
    by_spn: HashMap<String, Vec<usize>>,
    /// The places of what is about an endpoint, by the [key](Dn::key) of its DN.
    by_endpoint: HashMap<String, usize>,
    /// The places of all others: a few for each domain controller.
    others: Vec<usize>,
}

impl Testimony {
    /// Puts statements in their order: whoever was heard first does not matter.
    #[must_use]
    pub fn new(mut statements: Vec<Statement>) -> Self {
        for statement in &mut statements {
            if let Statement::Controller { held, .. } = statement {
                held.sort_by_cached_key(|held| fold(&held.spn));
            }
        }
        statements.sort();
        statements.dedup();
        let mut testimony = Self::default();
        for (place, statement) in statements.iter().enumerate() {
            match statement {
                Statement::Kdc { spn, .. } => testimony.by_spn.entry(fold(spn)).or_default().push(place),
                Statement::Endpoint { endpoint, .. } | Statement::Unheard { endpoint: Some(endpoint), .. } => {
                    if let Ok(dn) = Dn::parse(endpoint) {
                        testimony.by_endpoint.insert(dn.key().to_owned(), place);
                    }
                }
                _ => testimony.others.push(place),
            }
        }
        Self { statements, ..testimony }
    }

    /// Whether nobody was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Sorted, each once.
    #[must_use]
    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// What KDCs said of a name, by its [key](super::spn::Spn::key): server, domain, answer.
    pub(crate) fn of_kdcs<'a>(&'a self, spn: &str) -> impl Iterator<Item = (&'a str, &'a str, &'a Answer)> + use<'a> {
        let places = self.by_spn.get(spn).into_iter().flatten();
        places.filter_map(|place| match self.statements.get(*place)? {
            Statement::Kdc { server, domain, answer, .. } => Some((server.as_str(), domain.as_str(), answer)),
            _ => None,
        })
    }

    /// What an endpoint said, or that it could not be heard; none if it was not asked.
    #[must_use]
    pub(crate) fn of_endpoint(&self, dn: &Dn) -> Option<&Statement> {
        self.statements.get(*self.by_endpoint.get(dn.key())?)
    }

    /// What was said neither of a name alone nor of an endpoint.
    pub fn others(&self) -> impl Iterator<Item = &Statement> {
        self.others.iter().filter_map(|place| self.statements.get(*place))
    }
}

/// Who holds a name, by its [key](super::spn::Spn::key), of what a domain controller said.
#[must_use]
pub fn holders<'a>(held: &'a [Held], spn: &str) -> Option<&'a [String]> {
    let place = held.binary_search_by(|held| fold(&held.spn).as_str().cmp(spn)).ok()?;
    held.get(place).map(|held| held.holders.as_slice())
}
