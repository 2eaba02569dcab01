//! The report, version 2: the public shape of the judgement, apart from the types that produce it.
//!
//! Fields may be added; removing one or changing its meaning needs another [`SCHEMA_VERSION`]. `src/render/schema.json` describes it.

pub mod baseline;
pub mod exceptions;
mod judged;
pub mod only;
mod proved;
mod stable;

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use self::baseline::Changes;
use crate::directory::text::fold;
use crate::judge::requirements::Status;
use crate::judge::severity::Severity;

/// The version of the report's shape.
pub const SCHEMA_VERSION: u32 = 2;

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Grows when a script that reads the shape before may fail.
    pub schema_version: u32,
    /// What made the report.
    pub tool: Tool,
    /// Where the data came from.
    pub source: Source,
    /// All in one word.
    pub verdict: Verdict,
    /// How many there are of what; computed from all the rest.
    pub summary: Summary,
    /// The Exchange servers, by name.
    pub servers: Vec<Server>,
    /// What is wrong: by severity, code, server, SPN.
    pub findings: Vec<Finding>,
    /// What could not be read; empty unless the verdict is `incomplete`.
    pub problems: Vec<Problem>,
    /// What changed since an earlier report; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Changes>,
    /// The servers that were asked for, as named; absent where all are in the report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// What of the exceptions no longer holds; absent without any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What makes a run fail that read everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing does.
    Never,
    /// A finding as severe as this, or more.
    Least(Severity),
    /// A finding that the baseline does not have, or not as severe.
    New,
}

impl Default for FailOn {
    fn default() -> Self {
        Self::Least(Severity::Error)
    }
}

/// What made the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `spn-doctor`.
    pub name: &'static str,
    /// As in `Cargo.toml`.
    pub version: &'static str,
}

/// Where the data came from.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// One or more recordings, read as one.
    Ldif {
        /// Their names, as given.
        files: Vec<String>,
    },
    /// A live directory.
    Ldap {
        /// The domain controller that answered, `HOST:PORT`.
        server: String,
        /// The DNS name of the forest.
        forest: String,
    },
}

/// What the report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was read, nothing is wrong.
    Healthy,
    /// Everything was read, something is wrong.
    Findings,
    /// Not everything could be read: nothing can be said of the whole.
    Incomplete,
}

/// The numbers of a report.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Summary {
    /// Exchange servers, skipped ones included.
    pub servers: usize,
    /// Their SMTP virtual servers and receive connectors, whether they require an SPN or not.
    pub endpoints: usize,
    /// Required SPNs; the sum of the next seven.
    pub required: usize,
    /// Those with status `registered`.
    pub registered: usize,
    /// Those with status `missing`.
    pub missing: usize,
    /// Those with status `misplaced`.
    pub misplaced: usize,
    /// Those with status `duplicate`.
    pub duplicate: usize,
    /// Those with status `foreign`.
    pub foreign: usize,
    /// Those with status `shared`.
    pub shared: usize,
    /// Those with status `unresolved`.
    pub unresolved: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
    /// Findings that an exception accepts; they are not among the errors, warnings and infos.
    pub accepted: usize,
    /// Commands that can be run as they are.
    pub ready: usize,
}

/// An Exchange server: its account, its endpoints, and the SPNs it requires.
#[derive(Clone, Debug, Serialize)]
pub struct Server {
    /// The NetBIOS name.
    pub name: String,
    /// The FQDN; null when it could not be read.
    pub fqdn: Option<String>,
    /// The server object.
    pub dn: String,
    /// The product; null when the version was not read.
    pub product: Option<String>,
    /// Why the server is not judged; null when it is.
    pub skipped: Option<String>,
    /// The severity of the worst finding that names the server; null when none does.
    pub worst: Option<&'static str>,
    /// The account; null when undetermined.
    pub account: Option<ServerAccount>,
    /// Its SMTP endpoints, those that are off too.
    pub endpoints: Vec<ServerEndpoint>,
    /// The SPNs the server requires.
    pub spns: Vec<RequiredSpn>,
}

/// The computer account that a server is taken to have.
#[derive(Clone, Debug, Serialize)]
pub struct ServerAccount {
    /// The computer object.
    pub dn: String,
    /// The logon name, `EX01$`; null when it was not read, and then no command can name it.
    pub sam_account_name: Option<String>,
    /// The DNS name of its domain.
    pub domain: String,
    /// Whether it may log on.
    pub enabled: bool,
    /// What says that it is the server's: `named`, `host`, `dns`.
    pub marks: Vec<&'static str>,
}

/// An SMTP virtual server or receive connector.
#[derive(Clone, Debug, Serialize)]
pub struct ServerEndpoint {
    /// The name that Exchange shows, `Default Frontend EX01`.
    pub name: String,
    /// `virtual-server` or `receive-connector`.
    pub kind: &'static str,
    /// The endpoint object.
    pub dn: String,
    /// The FQDN it announces, its own or its server's; null when neither could be read.
    pub fqdn: Option<String>,
    /// Whether it can use Kerberos and so requires an SPN.
    pub required: bool,
    /// Why it does not; null when it does.
    pub reason: Option<&'static str>,
}

/// An SPN that a server requires, and how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct RequiredSpn {
    /// `SMTPSVC/` and the name, as configured.
    pub spn: String,
    /// `registered`, `missing`, `misplaced`, `duplicate`, `foreign`, `shared` or `unresolved`.
    pub status: &'static str,
    /// Why: `announced`, `sender`, `host-name`.
    pub needed_as: Vec<&'static str>,
    /// The endpoints that announce the name.
    pub needed_by: Vec<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What the account holds that looks like it.
    pub near_misses: Vec<String>,
    /// What the witnesses said of it; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// What witnesses said of an SPN.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The KDCs of the account's domain.
    pub kdcs: Vec<KdcProof>,
    /// The domain controllers of the domains concerned.
    pub controllers: Vec<ControllerProof>,
    /// The endpoints that announce the name.
    pub smtp: Vec<SmtpProof>,
}

/// What came of asking a KDC for a ticket to the SPN.
#[derive(Clone, Debug, Serialize)]
pub struct KdcProof {
    /// The domain controller.
    pub server: String,
    /// `issued`, `unknown-principal`, `other` or `unheard`.
    pub result: &'static str,
    /// The Kerberos error code; 0 if a ticket was issued, null if the KDC was not heard.
    pub code: Option<i32>,
    /// The encryption type of the service's key; null without a ticket.
    pub etype: Option<i32>,
    /// The version of that key; null without a ticket.
    pub kvno: Option<u32>,
    /// Whether the answer is what the directory makes one expect; null where it does not tell.
    pub agrees: Option<bool>,
    /// The same in words.
    pub says: String,
}

/// What a domain controller's copy of the directory shows.
#[derive(Clone, Debug, Serialize)]
pub struct ControllerProof {
    /// The domain controller.
    pub server: String,
    /// `same`, `differs` or `unheard`.
    pub result: &'static str,
    /// The DNs of the objects that hold the SPN there.
    pub holders: Vec<String>,
    /// Why it could not be heard; null if it was.
    pub says: Option<String>,
}

/// What an endpoint announces.
#[derive(Clone, Debug, Serialize)]
pub struct SmtpProof {
    /// The endpoint, `SERVER\name`.
    pub endpoint: String,
    /// Where it was asked, `HOST:PORT`.
    pub address: String,
    /// `as-configured`, `differs` or `unheard`.
    pub result: &'static str,
    /// The name it announces; null if it was not heard.
    pub announces: Option<String>,
    /// What it offers, before and within TLS.
    pub offers: Vec<String>,
    /// Why it could not be heard; null if it was.
    pub says: Option<String>,
}

/// One thing wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Stays the same from run to run: code, servers and SPN, folded.
    pub id: String,
    /// Which check it comes from, as `explain` lists them.
    pub code: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// The NetBIOS names of the servers concerned, sorted.
    pub servers: Vec<String>,
    /// The endpoints concerned, `SERVER\name`.
    pub endpoints: Vec<String>,
    /// The SPN concerned; null where it is about the server or one of its settings.
    pub spn: Option<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What is wrong with all findings of the code, in a few words.
    pub title: &'static str,
    /// What is wrong here, in one or two sentences.
    pub message: String,
    /// What of the message is true of this finding alone, beside its servers and its SPN.
    pub evidence: Vec<String>,
    /// What fails because of it, and for whom.
    pub why: String,
    /// What to do about it, the preferred first.
    pub remedies: Vec<Remedy>,
    /// Why it does not count; absent if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
    /// `new`, `worse` or `unchanged` since the baseline; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    #[serde(skip)]
    rank: Severity,
}

impl Finding {
    /// Whether it makes the run fail.
    #[must_use]
    pub fn fails(&self, fail_on: FailOn) -> bool {
        self.exception.is_none()
            && match fail_on {
                FailOn::Never => false,
                FailOn::Least(least) => self.rank <= least,
                FailOn::New => matches!(self.change, Some("new" | "worse")),
            }
    }

    /// Whether somebody has to decide what is done about it.
    #[must_use]
    pub(crate) fn needs_decision(&self) -> bool {
        self.exception.is_none() && self.ready().is_none()
    }

    /// What can be run as it is: the first remedy that is ready, unless the finding is accepted.
    #[must_use]
    pub fn ready(&self) -> Option<&Remedy> {
        self.remedies.iter().find(|remedy| remedy.is_ready()).filter(|_| self.exception.is_none())
    }
}

/// Somebody's decision to leave a finding as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Why it may stay, in the words of whoever decided that.
    pub reason: String,
    /// The last day on which it holds, `2027-01-31`; none if it always does.
    pub until: Option<String>,
}

/// One way to put a finding right.
#[derive(Clone, Debug, Serialize)]
pub struct Remedy {
    /// `setspn`, `exchange`, `registry` or `decide`.
    pub kind: &'static str,
    /// What it does, in a few words.
    pub title: String,
    /// What to make sure of before; null if the commands are ready to be run.
    pub confirm: Option<String>,
    /// What to consider, or to do by hand.
    pub advice: String,
    /// The command that shows whether it worked.
    pub verify: Option<String>,
    /// The commands, in the order in which to run them.
    pub commands: Vec<Command>,
}

impl Remedy {
    /// Whether it can be run without anybody's deciding anything first.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.confirm.is_none() && !self.commands.is_empty()
    }
}

/// One command and the one that takes it back.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    /// `add` or `delete`; only of setspn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// The SPN; only of setspn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spn: Option<String>,
    /// The account, `CONTOSO\EX01$`; only of setspn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The command, to be copied as it is.
    pub run: String,
    /// What takes it back.
    pub undo: String,
    /// Why that is refused; absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_refused: Option<&'static str>,
}

/// Something that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What is missing, and why.
    pub what: String,
    /// The object, domain, server or file that it is missing from.
    #[serde(rename = "where")]
    pub place: String,
    /// The commands that get what is missing.
    pub fix: Vec<String>,
}

impl Report {
    fn of(source: Source, servers: Vec<Server>, findings: Vec<Finding>, problems: Vec<Problem>) -> Self {
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            source,
            verdict: Verdict::Healthy,
            summary: Summary::default(),
            servers,
            findings,
            problems,
            baseline: None,
            only: Vec::new(),
            warnings: Vec::new(),
        };
        report.conclude();
        report
    }

    /// Whether a finding makes the run fail.
    #[must_use]
    pub fn fails(&self, fail_on: FailOn) -> bool {
        self.findings.iter().any(|finding| finding.fails(fail_on))
    }

    /// The commands that can be run as they are, each once, in order, with the first finding that each puts right.
    #[must_use]
    pub fn ready(&self) -> impl DoubleEndedIterator<Item = (&Finding, &Command)> {
        let mut known = HashSet::new();
        let ready = self.findings.iter().filter_map(|finding| Some((finding, finding.ready()?)));
        let commands =
            ready.flat_map(|(finding, remedy)| remedy.commands.iter().map(move |command| (finding, command)));
        commands.filter(|(_, command)| known.insert(&command.run)).collect::<Vec<_>>().into_iter()
    }

    /// The worst finding of each server, of those that no exception accepts.
    fn rank_servers(&mut self) {
        let mut worst: HashMap<String, Severity> = HashMap::new();
        for finding in self.open() {
            for server in &finding.servers {
                let known = worst.entry(fold(server)).or_insert(finding.rank);
                *known = finding.rank.min(*known);
            }
        }
        for server in &mut self.servers {
            server.worst = worst.get(&fold(&server.name)).map(|severity| severity.name());
        }
    }

    /// The findings that no exception accepts.
    fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.exception.is_none())
    }

    fn conclude(&mut self) {
        self.rank_servers();
        self.verdict = match (self.problems.is_empty(), self.findings.is_empty()) {
            (false, _) => Verdict::Incomplete,
            (true, false) => Verdict::Findings,
            (true, true) => Verdict::Healthy,
        };
        let status = |status: Status| {
            let spns = self.servers.iter().flat_map(|server| &server.spns);
            spns.filter(|spn| spn.status == status.name()).count()
        };
        let severity = |severity| self.open().filter(|finding| finding.rank == severity).count();
        self.summary = Summary {
            servers: self.servers.len(),
            endpoints: self.servers.iter().map(|server| server.endpoints.len()).sum(),
            required: self.servers.iter().map(|server| server.spns.len()).sum(),
            registered: status(Status::Registered),
            missing: status(Status::Missing),
            misplaced: status(Status::Misplaced),
            duplicate: status(Status::Duplicate),
            foreign: status(Status::Foreign),
            shared: status(Status::Shared),
            unresolved: status(Status::Unresolved),
            errors: severity(Severity::Error),
            warnings: severity(Severity::Warning),
            infos: severity(Severity::Info),
            accepted: self.findings.iter().filter(|finding| finding.exception.is_some()).count(),
            ready: self.ready().count(),
        };
    }
}
