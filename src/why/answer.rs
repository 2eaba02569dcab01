//! The public shape of an answer.

use std::collections::HashMap;

use serde::Serialize;

use super::clues::{self, Clue};
use super::message::Message;
use super::subject::Subject;
use crate::directory::host::HostName;
use crate::directory::spn::Spn;
use crate::directory::text::{fold, printable};
use crate::judge::Judgement;
use crate::report::{Finding, Problem, Report, SCHEMA_VERSION, Server, Source, Tool};

/// What `why` says.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the answer.
    pub tool: Tool,
    /// Where the data came from.
    pub source: Source,
    /// What it comes to.
    pub verdict: Verdict,
    /// What the message says: its events, replies and status words.
    pub says: Vec<Said>,
    /// The servers it is about, as in a report.
    pub servers: Vec<Server>,
    /// The names it is about.
    pub names: Vec<Name>,
    /// What is wrong with them, and with the servers that need them.
    pub findings: Vec<Finding>,
    /// What else it may be, the likeliest first, with what the directory shows of it.
    pub clues: Vec<Clue>,
    /// Words of the message that the directory does not know, where it knows none.
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
    /// What it is, in a line.
    pub title: String,
    /// What it says.
    pub means: &'static str,
    /// Whose SPN or setting is at fault.
    pub whose: &'static str,
}

/// A name that the message is about.
#[derive(Clone, Debug, Serialize)]
pub struct Name {
    /// The SPN.
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
        let mut subject = Subject::of(message, facts);
        let mut findings = findings(&report, &subject);
        if findings.is_empty() && subject.is_open {
            // The message does not say who sent.
            subject.servers = facts.servers.iter().filter(|judged| judged.server.skipped.is_none()).collect();
            findings = self::findings(&report, &subject);
        }
        let needed = needed(judgement);
        let names: Vec<Name> = subject.names.iter().map(|name| self::name(judgement, &needed, name)).collect();
        let clues = clues::all(message, &subject, facts);
        let is_wrong = names.iter().any(|name| name.needed.is_empty() && name.holders.len() != 1)
            || findings.iter().any(|finding| finding.severity != "info")
            || clues.iter().any(|clue| clue.is_cause);
        let is_unknown = subject.is_unknown() && !clues.iter().any(|clue| !clue.shown.is_empty());
        let verdict = if !report.problems.is_empty() || is_unknown {
            Verdict::NotEstablished
        } else if is_wrong {
            Verdict::CauseFound
        } else {
            Verdict::NamesAreFine
        };
        let unknown = if is_unknown {
            message.words.iter().chain(&message.others).map(|word| printable(word)).take(MOST).collect()
        } else {
            Vec::new()
        };
        let words = message.symptoms.iter().filter(|symptom| symptom.event.is_none());
        let events = message.symptoms.iter().filter(|symptom| symptom.event.is_some());
        let places: HashMap<&str, &Server> = report.servers.iter().map(|server| (server.dn.as_str(), server)).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            tool: report.tool,
            source: report.source,
            verdict,
            // A status word is more exact than the event that it stands in.
            says: words.chain(events).map(|symptom| Said::of(symptom)).collect(),
            servers: subject
                .servers
                .iter()
                .filter_map(|judged| places.get(judged.server.dn.as_str()))
                .map(|server| (*server).clone())
                .collect(),
            names,
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
            && self.problems.is_empty()
            && self.verdict == Verdict::NotEstablished
    }
}

/// No more words that nobody knows are told.
const MOST: usize = 20;

impl Said {
    fn of(symptom: &crate::symptoms::Symptom) -> Self {
        Self { name: symptom.name(), title: symptom.headline(), means: symptom.means, whose: symptom.whose }
    }
}

/// The findings about the names, and those about their servers as a whole. What names an SPN that nobody asked about is left out, unless
/// it is one by which the server's computer is known.
fn findings(report: &Report, subject: &Subject<'_>) -> Vec<Finding> {
    let spns: Vec<Spn> = subject.names.iter().map(Spn::smtpsvc).collect();
    let servers: Vec<String> = subject.servers.iter().map(|judged| fold(&judged.server.names.name)).collect();
    let is_about = |finding: &&Finding| {
        let is_of_server = finding.servers.iter().any(|server| servers.contains(&fold(server)));
        match &finding.spn {
            Some(spn) if spns.iter().any(|asked| asked.key() == fold(spn)) => true,
            Some(spn) => {
                is_of_server && (subject.names.is_empty() || subject.is_open || fold(spn).starts_with("host/"))
            }
            None => is_of_server,
        }
    };
    report.findings.iter().filter(is_about).cloned().collect()
}

/// Who needs a name, by the name's [key](HostName::key).
type NeededBy = HashMap<String, Vec<Needed>>;

fn needed(judgement: &Judgement<'_>) -> NeededBy {
    let mut needed = NeededBy::new();
    for judged in &judgement.facts.servers {
        for requirement in &judged.requirements {
            needed.entry(requirement.name.key().to_owned()).or_default().push(Needed {
                server: judged.server.names.name.clone(),
                needed_as: requirement.needs.names().collect(),
                needed_by: requirement.needs.announced_by.iter().map(|endpoint| endpoint.name.clone()).collect(),
                status: requirement.status.name(),
            });
        }
    }
    needed
}

fn name(judgement: &Judgement<'_>, needed: &NeededBy, name: &HostName) -> Name {
    let holders = judgement.facts.directory.holders(name);
    Name {
        spn: Spn::smtpsvc(name).to_string(),
        needed: needed.get(name.key()).cloned().unwrap_or_default(),
        holders: holders.into_iter().map(|holder| holder.dn.to_string()).collect(),
    }
}
