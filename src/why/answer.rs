//! The public shape of an answer.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::clues::{self, Clue};
use super::message::Message;
use super::subject::Subject;
use crate::directory::host::HostName;
use crate::directory::spn::Spn;
use crate::directory::text::{fold, printable};
use crate::judge::Judgement;
use crate::judge::facts::Facts;
use crate::judge::requirements::Judged;
use crate::report::{Finding, Problem, Report, SCHEMA_VERSION, Server, Source, Tool};

/// What a message comes to, held against the directory; the shape of `why --format json`.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Grows when a script that reads the shape before may fail.
    pub schema_version: u32,
    /// What made the answer.
    pub tool: Tool,
    /// Where the data came from.
    pub source: Source,
    /// All in one word.
    pub verdict: Verdict,
    /// What the message says: its events, replies and status words.
    pub says: Vec<Said>,
    /// The servers it is about, as in a report.
    pub servers: Vec<Server>,
    /// The SMTPSVC names that the message gives, or that its servers need.
    pub names: Vec<Name>,
    /// Whether the message names what is wrong; false where it leaves open which server sent, and these are those that may have.
    pub is_certain: bool,
    /// What is wrong with them, and with the servers that need them.
    pub findings: Vec<Finding>,
    /// What else it may be, the likeliest first, with what the directory shows of it.
    pub clues: Vec<Clue>,
    /// Hosts of this forest and SPNs that the message names, and the directory does not know.
    pub unknown: Vec<String>,
    /// What could not be read; empty unless the verdict is `not-established`.
    pub problems: Vec<Problem>,
}

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The directory shows what is wrong.
    CauseFound,
    /// The directory shows nothing wrong with the names.
    NamesAreFine,
    /// Not everything was read, or nothing in the directory has such a name.
    NotEstablished,
}

/// An event, a reply or a status word.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// `2017`, `454 4.7.0`, `TargetUnknown`.
    pub name: String,
    /// What happened, in a line.
    pub title: String,
    /// What it tells whoever sees it: what failed, and why that may be.
    pub means: &'static str,
    /// Whose SPN or setting is at fault.
    pub whose: &'static str,
    /// The codes of the findings that cause it.
    pub findings: &'static [&'static str],
}

/// A name that the message is about.
#[derive(Clone, Debug, Serialize)]
pub struct Name {
    /// `SMTPSVC/` and the name, as the message or the configuration has it.
    pub spn: String,
    /// The servers that need it, with why and how it stands; none if nobody in the directory does.
    pub needed: Vec<Needed>,
    /// The DNs of the objects that hold it.
    pub holders: Vec<String>,
}

/// How a server needs an SPN.
#[derive(Clone, Debug, Serialize)]
pub struct Needed {
    /// The NetBIOS name of the server.
    pub server: String,
    /// `announced`, `sender`, `host-name`.
    pub needed_as: Vec<&'static str>,
    /// The endpoints that announce the name.
    pub needed_by: Vec<String>,
    /// How it stands, as in a report.
    pub status: &'static str,
}

impl Answer {
    /// Holds a message against the judgement of a directory, and the report made of that.
    #[must_use]
    pub fn new(message: &Message, judgement: &Judgement<'_>, report: Report) -> Self {
        let facts = &judgement.facts;
        let subject = Subject::of(message, facts);
        let names = names(&report, &subject, facts);
        let clues = clues::all(message, &subject, facts);
        let own = findings(&report, &subject);
        let is_found = own.iter().any(is_a_cause)
            || clues.iter().any(|clue| clue.is_cause)
            || names.iter().any(|name| name.is_wrong(subject.is_bare));
        let of_suspects = if is_found { Vec::new() } else { findings_of_senders(&report, &subject) };
        let is_certain = of_suspects.is_empty();
        let findings: Vec<Finding> = if is_certain { own } else { of_suspects };
        let is_unknown = subject.is_unknown() && !clues.iter().any(|clue| !clue.shown.is_empty());
        let is_nobodys = subject.is_bare && names.iter().any(|name| name.needed.is_empty() && name.holders.is_empty());
        let verdict = if !report.problems.is_empty() {
            Verdict::NotEstablished
        } else if is_found || !is_certain {
            Verdict::CauseFound
        } else if is_unknown || is_nobodys || !subject.unknown.is_empty() {
            Verdict::NotEstablished
        } else {
            Verdict::NamesAreFine
        };
        let others = message.others.iter().filter(|_| subject.is_unknown());
        let unknown = subject.unknown.iter().chain(others).map(|word| printable(word)).take(MOST).collect();
        let places: HashMap<&str, &Server> = report.servers.iter().map(|server| (server.dn.as_str(), server)).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            tool: report.tool,
            source: report.source,
            verdict,
            says: message.symptoms.iter().map(|symptom| Said::of(symptom)).collect(),
            servers: subject
                .servers
                .iter()
                .filter_map(|judged| places.get(judged.server.dn.as_str()))
                .map(|server| (*server).clone())
                .collect(),
            names,
            is_certain,
            findings,
            clues,
            unknown,
            problems: report.problems,
        }
    }
}

impl Answer {
    /// Whether the text has nothing that anything could be said of.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.says.is_empty()
            && self.names.is_empty()
            && self.unknown.is_empty()
            && self.problems.is_empty()
            && self.verdict == Verdict::NotEstablished
    }
}

/// No more words that nobody knows are told.
const MOST: usize = 20;

impl Said {
    fn of(symptom: &crate::symptoms::Symptom) -> Self {
        Self {
            name: symptom.name(),
            title: symptom.headline(),
            means: symptom.means,
            whose: symptom.whose,
            findings: symptom.findings,
        }
    }
}

fn is_a_cause(finding: &Finding) -> bool {
    finding.severity != "info"
}

impl Name {
    /// Whether nobody answers to it, or more than one account does, though no server needs it. A host name that somebody merely asks
    /// about need not have an SPN.
    fn is_wrong(&self, is_bare: bool) -> bool {
        self.needed.is_empty() && (self.holders.len() > 1 || self.holders.is_empty() && !is_bare)
    }
}

/// The findings about the names, and those about their servers as a whole. What names an SPN that nobody asked about is left out, unless
/// it is one by which the server's computer is known, or a server was asked about as a whole.
fn findings(report: &Report, subject: &Subject<'_>) -> Vec<Finding> {
    let spns = keys(subject.names.iter());
    let servers = names_of(&subject.servers);
    let is_about = |finding: &&Finding| {
        let is_of_server = finding.servers.iter().any(|server| servers.contains(&fold(server)));
        match finding.spn.as_deref().map(fold) {
            Some(spn) if spns.contains(&spn) => true,
            Some(spn) => is_of_server && (subject.is_whole || spn.starts_with("host/")),
            None => is_of_server,
        }
    };
    report.findings.iter().filter(is_about).cloned().collect()
}

/// What is wrong with those that may have sent: their own names as senders, and their accounts.
fn findings_of_senders(report: &Report, subject: &Subject<'_>) -> Vec<Finding> {
    let servers = names_of(&subject.suspects);
    let spns = keys(subject.suspects.iter().filter_map(|judged| judged.fqdn.as_ref()));
    let is_about = |finding: &&Finding| {
        finding.severity == "error"
            && finding.servers.iter().any(|server| servers.contains(&fold(server)))
            && finding.spn.as_deref().map(fold).is_none_or(|spn| spns.contains(&spn) || spn.starts_with("host/"))
    };
    report.findings.iter().filter(is_about).cloned().collect()
}

fn names_of(servers: &[&Judged<'_>]) -> HashSet<String> {
    servers.iter().map(|judged| fold(&judged.server.names.name)).collect()
}

/// The [keys](Spn::key) of the SMTPSVC names of hosts.
fn keys<'a>(hosts: impl Iterator<Item = &'a HostName>) -> HashSet<String> {
    hosts.map(|host| Spn::smtpsvc(host).key().to_owned()).collect()
}

/// The names that were asked about, and which servers of the report need them.
fn names(report: &Report, subject: &Subject<'_>, facts: &Facts<'_>) -> Vec<Name> {
    let asked = keys(subject.names.iter());
    let mut needed: HashMap<String, Vec<Needed>> = HashMap::new();
    for server in &report.servers {
        for spn in &server.spns {
            let key = fold(&spn.spn);
            if asked.contains(&key) {
                needed.entry(key).or_default().push(Needed {
                    server: server.name.clone(),
                    needed_as: spn.needed_as.clone(),
                    needed_by: spn.needed_by.clone(),
                    status: spn.status,
                });
            }
        }
    }
    let name = |host: &HostName| {
        let spn = Spn::smtpsvc(host);
        let holders = facts.directory.holders(host);
        Name {
            needed: needed.get(spn.key()).cloned().unwrap_or_default(),
            spn: spn.to_string(),
            holders: holders.into_iter().map(|holder| holder.dn.to_string()).collect(),
        }
    };
    subject.names.iter().map(name).collect()
}
