//! A judgement takes its public shape.

use super::{Command, Finding, Problem, Remedy, Report, RequiredSpn, Server, ServerAccount, ServerEndpoint, Source};
use crate::directory::Directory;
use crate::directory::account::Account;
use crate::directory::endpoint::{Announces, Endpoint};
use crate::directory::gap::Gap;
use crate::directory::text::{fold, printable, printable_lines};
use crate::judge::Judgement;
use crate::judge::checks;
use crate::judge::finding::Finding as Found;
use crate::judge::identity::Candidate;
use crate::judge::proof::Proof;
use crate::judge::remedy::change::{Action, Change};
use crate::judge::remedy::setspn::{self, Dialect};
use crate::judge::remedy::{Kind, Remedy as Cure, Step, Unprintable};
use crate::judge::requirements::{Judged, Requirement};

impl Report {
    /// Gives a judgement its public shape, with commands for the setspn at hand.
    #[must_use]
    pub fn new(judgement: &Judgement<'_>, source: Source, dialect: Dialect) -> Self {
        let facts = &judgement.facts;
        let writer = Writer { judgement, dialect, is_incomplete: !judgement.is_complete() };
        let server = |judged| Server::new(facts.directory, judged);
        let servers = facts.servers.iter().map(server).collect();
        let findings = judgement.findings.iter().map(|finding| writer.finding(finding)).collect();
        Self::of(source, servers, findings, judgement.gaps().map(Problem::new).collect())
    }

    /// The report where nothing could be judged.
    #[must_use]
    pub fn unjudged(source: Source, gap: &Gap) -> Self {
        Self::of(source, Vec::new(), Vec::new(), vec![Problem::new(gap)])
    }
}

impl Problem {
    fn new(gap: &Gap) -> Self {
        let fix = gap.fix.iter().map(|command| printable(command)).collect();
        Self { what: printable_lines(&gap.what), place: printable(&gap.place), fix }
    }
}

impl Server {
    fn new<'a>(directory: &'a Directory, judged: &Judged<'a>) -> Self {
        let server = judged.server;
        Self {
            name: server.names.name.clone(),
            fqdn: judged.fqdn.as_ref().map(ToString::to_string),
            dn: server.dn.to_string(),
            product: server.version.map(crate::directory::version::Version::product),
            skipped: server.skipped.map(|skipped| skipped.reason().to_owned()),
            worst: None,
            account: judged.identity.chosen().map(ServerAccount::new),
            endpoints: server.endpoints.iter().map(|endpoint| ServerEndpoint::new(judged, endpoint)).collect(),
            spns: judged
                .requirements
                .iter()
                .map(|requirement| RequiredSpn::new(directory, judged, requirement))
                .collect(),
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
    fn new<'a>(directory: &'a Directory, judged: &Judged<'a>, requirement: &Requirement<'a>) -> Self {
        let endpoints = requirement.needs.announced_by.iter();
        Self {
            spn: requirement.spn.to_string(),
            status: requirement.status.name(),
            needed_as: requirement.needs.names().collect(),
            needed_by: endpoints.map(|endpoint| endpoint.name.clone()).collect(),
            holders: requirement.holders.iter().map(|holder| holder.dn.to_string()).collect(),
            near_misses: requirement.near_misses.iter().map(ToString::to_string).collect(),
            proof: Proof::of(directory, judged, requirement).map(|proof| super::Proof::new(judged, &proof)),
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
            title: checks::named(finding.code).map_or("", |check| check.manual.title),
            message: finding.message.clone(),
            evidence: finding.evidence.clone(),
            why: finding.why.clone(),
            remedies: finding.remedies.iter().map(|remedy| self.remedy(remedy)).collect(),
            exception: None,
            change: None,
            rank: finding.severity,
        }
    }

    /// All commands or none: half of a remedy can do more harm than the finding.
    fn remedy(&self, cure: &Cure) -> Remedy {
        let commands: Result<Vec<Command>, Unprintable> = cure.steps.iter().map(|step| self.command(step)).collect();
        let (commands, advice) = match commands {
            Ok(commands) => (with_refusals(commands), cure.advice.clone()),
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
        const READ_FIRST: &str = "Not all data was read. Read what is missing before you run this command.";
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
                undo_refused: None,
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
            undo_refused: None,
        })
    }
}

/// Says of a deletion after which another account still holds the name that it cannot be taken back.
fn with_refusals(mut commands: Vec<Command>) -> Vec<Command> {
    const DUPLICATE: &str = "domain controllers refuse to restore a duplicate";
    let added: Vec<String> = commands
        .iter()
        .filter(|command| command.action == Some(Action::Add.name()))
        .filter_map(|command| command.spn.as_deref().map(fold))
        .collect();
    for command in commands.iter_mut().filter(|command| command.action == Some(Action::Delete.name())) {
        let is_moved = command.spn.as_deref().is_some_and(|spn| added.contains(&fold(spn)));
        command.undo_refused = (!is_moved).then_some(DUPLICATE);
    }
    commands
}
