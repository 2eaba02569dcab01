//! The report, version 2: the public shape of the judgement, apart from the types that produce it.
//!
//! Fields may be added; removing one or changing its meaning needs another [`SCHEMA_VERSION`]. `src/render/schema.json` describes it.

use std::collections::HashMap;

use serde::Serialize;

use crate::directory::account::Account;
use crate::directory::endpoint::{Announces, Endpoint};
use crate::directory::gap::Gap;
use crate::directory::text::{fold, printable, printable_lines};
use crate::judge::finding::Finding as Found;
use crate::judge::identity::Candidate;
use crate::judge::remedy::setspn::{self, Dialect};
use crate::judge::remedy::{Kind, Remedy as Cure, Step, Unprintable};
use crate::judge::requirements::{Judged, Requirement, Status};
use crate::judge::severity::Severity;
use crate::judge::{Judgement, remedy::change::Change};

/// The version of the report's shape.
pub const SCHEMA_VERSION: u32 = 2;

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the report.
    pub tool: Tool,
    /// Where the data came from.
    pub source: Source,
    /// What it comes to.
    pub verdict: Verdict,
    /// The numbers.
    pub summary: Summary,
    /// The Exchange servers, by name.
    pub servers: Vec<Server>,
    /// What is wrong: by severity, code, server, SPN.
    pub findings: Vec<Finding>,
    /// What could not be read; empty unless the verdict is `incomplete`.
    pub problems: Vec<Problem>,
}

/// What made the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `spn-doctor`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Where the data came from.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// Recordings.
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
    /// Their endpoints.
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
}

/// An Exchange server.
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
    /// The SMTP endpoints.
    pub endpoints: Vec<ServerEndpoint>,
    /// The SPNs the server requires.
    pub spns: Vec<RequiredSpn>,
}

/// The account of a server.
#[derive(Clone, Debug, Serialize)]
pub struct ServerAccount {
    /// The computer object.
    pub dn: String,
    /// The logon name.
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
    /// The name.
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

/// An SPN that a server requires.
#[derive(Clone, Debug, Serialize)]
pub struct RequiredSpn {
    /// The SPN.
    pub spn: String,
    /// How it stands.
    pub status: &'static str,
    /// Why: `announced`, `sender`, `host-name`.
    pub needed_as: Vec<&'static str>,
    /// The endpoints that announce the name.
    pub needed_by: Vec<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What the account holds that looks like it.
    pub near_misses: Vec<String>,
}

/// One thing wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Stays the same from run to run: code, servers and SPN, folded.
    pub id: String,
    /// The code.
    pub code: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// The servers concerned.
    pub servers: Vec<String>,
    /// The endpoints concerned, `SERVER\name`.
    pub endpoints: Vec<String>,
    /// The SPN concerned.
    pub spn: Option<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it, the preferred first.
    pub remedies: Vec<Remedy>,
    #[serde(skip)]
    rank: Severity,
}

/// One way to put a finding right.
#[derive(Clone, Debug, Serialize)]
pub struct Remedy {
    /// `setspn`, `exchange`, `registry` or `decide`.
    pub kind: &'static str,
    /// What it does.
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
    /// The command.
    pub run: String,
    /// What takes it back.
    pub undo: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What is missing, and why.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// The commands that get what is missing.
    pub fix: Vec<String>,
}

impl Report {
    /// Gives a judgement its public shape, with commands for the setspn at hand.
    #[must_use]
    pub fn new(judgement: &Judgement<'_>, source: Source, dialect: Dialect) -> Self {
        let facts = &judgement.facts;
        let writer = Writer { judgement, dialect, is_incomplete: !judgement.is_complete() };
        let worst = worst_by_server(&judgement.findings);
        let servers = facts.servers.iter().map(|judged| Server::new(judged, &worst)).collect();
        let findings = judgement.findings.iter().map(|finding| writer.finding(finding)).collect();
        Self::of(source, servers, findings, judgement.gaps().map(Problem::new).collect())
    }

    /// The report where nothing could be judged.
    #[must_use]
    pub fn unjudged(source: Source, gap: &Gap) -> Self {
        Self::of(source, Vec::new(), Vec::new(), vec![Problem::new(gap)])
    }

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
        };
        report.conclude();
        report
    }

    /// Leaves only the servers of these names and what concerns them. What could not be read concerns every server. A name is a NetBIOS
    /// name or an FQDN, and may have `*` in it.
    pub fn restrict_to(&mut self, names: &[String]) -> Result<(), UnknownServer> {
        let matches = |pattern: &str, server: &Server| {
            is_like(pattern, &server.name) || server.fqdn.as_deref().is_some_and(|fqdn| is_like(pattern, fqdn))
        };
        let unknown = names.iter().find(|name| !self.servers.iter().any(|server| matches(name, server)));
        if let Some(unknown) = unknown {
            return Err(UnknownServer(printable(unknown)));
        }
        self.servers.retain(|server| names.iter().any(|name| matches(name, server)));
        let left: Vec<String> = self.servers.iter().map(|server| fold(&server.name)).collect();
        self.findings.retain(|finding| finding.servers.iter().any(|server| left.contains(&fold(server))));
        self.conclude();
        Ok(())
    }

    /// The severity of the worst finding.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.rank).min()
    }

    fn conclude(&mut self) {
        self.verdict = match (self.problems.is_empty(), self.findings.is_empty()) {
            (false, _) => Verdict::Incomplete,
            (true, false) => Verdict::Findings,
            (true, true) => Verdict::Healthy,
        };
        let status = |status: Status| {
            let spns = self.servers.iter().flat_map(|server| &server.spns);
            spns.filter(|spn| spn.status == status.name()).count()
        };
        let severity = |severity| self.findings.iter().filter(|finding| finding.rank == severity).count();
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
        };
    }
}

/// Whether a name is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (fold(pattern), fold(name));
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    left.ends_with(end)
}

/// The worst finding of each server, by its folded name.
fn worst_by_server(findings: &[Found]) -> HashMap<String, Severity> {
    let mut worst = HashMap::new();
    for (server, finding) in findings.iter().flat_map(|finding| finding.servers.iter().map(move |name| (name, finding)))
    {
        let known = worst.entry(fold(server)).or_insert(finding.severity);
        *known = finding.severity.min(*known);
    }
    worst
}

/// A server that was asked for is not in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownServer(pub String);

impl std::fmt::Display for UnknownServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no Exchange server is called {}", self.0)
    }
}

impl std::error::Error for UnknownServer {}

impl Problem {
    fn new(gap: &Gap) -> Self {
        let fix = gap.fix.iter().map(|command| printable(command)).collect();
        Self { what: printable_lines(&gap.what), place: printable(&gap.place), fix }
    }
}

impl Server {
    fn new(judged: &Judged<'_>, worst: &HashMap<String, Severity>) -> Self {
        let server = judged.server;
        Self {
            name: server.names.name.clone(),
            fqdn: judged.fqdn.as_ref().map(ToString::to_string),
            dn: server.dn.to_string(),
            product: server.version.map(crate::directory::version::Version::product),
            skipped: server.skipped.map(|skipped| skipped.reason().to_owned()),
            worst: worst.get(&fold(&server.names.name)).map(|severity| severity.name()),
            account: judged.identity.chosen().map(ServerAccount::new),
            endpoints: server.endpoints.iter().map(|endpoint| ServerEndpoint::new(judged, endpoint)).collect(),
            spns: judged.requirements.iter().map(RequiredSpn::new).collect(),
        }
    }
}

impl ServerAccount {
    fn new(chosen: &Candidate<'_>) -> Self {
        let account: &Account = chosen.account;
        Self {
            dn: account.dn.to_string(),
            sam_account_name: account.sam_account_name.clone(),
            domain: account.domain.dns.clone(),
            enabled: !account.disabled,
            marks: chosen.marks.names().collect(),
        }
    }
}

impl ServerEndpoint {
    fn new(judged: &Judged<'_>, endpoint: &Endpoint) -> Self {
        let fqdn = match &endpoint.announces {
            Announces::Invalid(text, _) => Some(text.clone()),
            _ => judged.announced(endpoint).map(ToString::to_string),
        };
        Self {
            name: endpoint.name.clone(),
            kind: endpoint.kind.name(),
            dn: endpoint.dn.to_string(),
            fqdn,
            required: endpoint.kerberos.is_ok(),
            reason: endpoint.kerberos.err(),
        }
    }
}

impl RequiredSpn {
    fn new(requirement: &Requirement<'_>) -> Self {
        let endpoints = requirement.needs.announced_by.iter();
        Self {
            spn: requirement.spn.to_string(),
            status: requirement.status.name(),
            needed_as: requirement.needs.names().collect(),
            needed_by: endpoints.map(|endpoint| endpoint.name.clone()).collect(),
            holders: requirement.holders.iter().map(|holder| holder.dn.to_string()).collect(),
            near_misses: requirement.near_misses.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What turns findings and their remedies into text.
struct Writer<'a> {
    judgement: &'a Judgement<'a>,
    dialect: Dialect,
    is_incomplete: bool,
}

impl Writer<'_> {
    fn finding(&self, finding: &Found) -> Finding {
        let spn = finding.spn.as_ref();
        let parts =
            [finding.code.to_owned(), finding.servers.join(","), spn.map_or_else(String::new, ToString::to_string)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).map(|part| fold(&part)).collect();
        Finding {
            id: parts.join("/"),
            code: finding.code,
            severity: finding.severity.name(),
            servers: finding.servers.clone(),
            endpoints: finding.endpoints.clone(),
            spn: spn.map(ToString::to_string),
            holders: finding.holders.clone(),
            message: finding.message.clone(),
            why: finding.why.clone(),
            remedies: finding.remedies.iter().map(|remedy| self.remedy(remedy)).collect(),
            rank: finding.severity,
        }
    }

    /// All commands or none: half of a remedy can do more harm than the finding.
    fn remedy(&self, cure: &Cure) -> Remedy {
        let commands: Result<Vec<Command>, Unprintable> = cure.steps.iter().map(|step| self.command(step)).collect();
        let (commands, advice) = match commands {
            Ok(commands) => (commands, cure.advice.clone()),
            Err(reason) => {
                (Vec::new(), format!("No command is printed: {reason}. {}", cure.advice).trim_end().to_owned())
            }
        };
        // A connector can be changed by hand as well.
        let can_run = !commands.is_empty() || cure.steps.is_empty() || cure.kind == Kind::Exchange;
        Remedy {
            kind: if can_run { cure.kind } else { Kind::Decide }.name(),
            title: cure.title.clone(),
            confirm: self.confirm(cure, !commands.is_empty()),
            advice,
            verify: self.verification(cure),
            commands,
        }
    }

    /// As long as something was not read, no command is safe.
    fn confirm(&self, cure: &Cure, has_commands: bool) -> Option<String> {
        const READ_FIRST: &str = "Read what is missing first (see the problems): this rests on incomplete data.";
        if !(self.is_incomplete && has_commands) {
            return cure.confirm.clone();
        }
        Some(cure.confirm.iter().fold(READ_FIRST.to_owned(), |all, more| format!("{all} {more}")))
    }

    fn verification(&self, cure: &Cure) -> Option<String> {
        let (spn, account) = cure.verify.as_ref()?;
        setspn::verification(spn, account.as_ref(), self.dialect, &self.judgement.facts.directory.accounts)
    }

    fn command(&self, step: &Result<Step, Unprintable>) -> Result<Command, Unprintable> {
        match step {
            Ok(Step::Spn(change)) => self.setspn(change),
            Ok(Step::Exchange(command)) => Ok(Command {
                action: None,
                spn: None,
                account: None,
                run: command.run.clone(),
                undo: command.undo.clone(),
            }),
            Err(reason) => Err(reason.clone()),
        }
    }

    fn setspn(&self, change: &Change) -> Result<Command, Unprintable> {
        let accounts = &self.judgement.facts.directory.accounts;
        Ok(Command {
            action: Some(change.action.name()),
            spn: Some(change.spn.to_string()),
            account: Some(setspn::qualified_name(&change.account, accounts)?),
            run: setspn::command(change, self.dialect, accounts)?,
            undo: setspn::command(&change.inverse(), self.dialect, accounts)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in
            [("ex*", "EX01"), ("*", "x"), ("*01", "EX01"), ("E*0*", "ex01"), ("ex01", "EX01"), ("e**1", "ex01")]
        {
            assert!(is_like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("ex*", "mx"), ("ex0", "ex01"), ("*02", "ex01"), ("ex01*1", "ex01"), ("", "x")] {
            assert!(!is_like(pattern, name), "{pattern} {name}");
        }
    }
}
