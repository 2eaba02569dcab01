//! What belongs together in a report: findings of one cause, and of these the ones that are put right in the same way.

use std::collections::HashMap;
use std::hash::Hash;

use crate::report::{Command, Finding, Remedy, Report};

/// Findings of one cause: the same code, severity and reason why it matters.
pub(super) struct Group<'a> {
    first: &'a Finding,
    /// The findings, in the order of the report; never none.
    pub(super) findings: Vec<&'a Finding>,
}

/// Findings of a group that are put right in the same way: the same remedies but for names and commands.
pub(super) struct Course<'a> {
    first: &'a Finding,
    /// The findings, in the order of the report; never none.
    pub(super) findings: Vec<&'a Finding>,
}

/// One way to put all findings of a course right.
pub(super) struct Way<'a> {
    /// What the remedies of all of them say; its commands are those of the first alone.
    pub(super) words: &'a Remedy,
    each: Vec<&'a Remedy>,
}

/// The findings of a report, in groups.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    groups_of(&report.findings)
}

/// Findings of the same code, severity and reason, together; in the order of the first ones.
pub(super) fn groups_of(findings: &[Finding]) -> Vec<Group<'_>> {
    let cause = |finding: &&Finding| (finding.code, finding.severity, finding.why.clone(), finding.exception.is_some());
    let alike = alike(findings.iter(), cause);
    alike.into_iter().map(|(first, findings)| Group { first, findings }).collect()
}

/// Items that have the same key, with the first of them; in the order of the first ones.
fn alike<'a, K: Eq + Hash>(
    items: impl Iterator<Item = &'a Finding>,
    key: impl Fn(&&'a Finding) -> K,
) -> Vec<(&'a Finding, Vec<&'a Finding>)> {
    let mut known: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<(&Finding, Vec<&Finding>)> = Vec::new();
    for item in items {
        let number = *known.entry(key(&item)).or_insert(groups.len());
        match groups.get_mut(number) {
            Some((_, group)) => group.push(item),
            None => groups.push((item, vec![item])),
        }
    }
    groups
}

impl<'a> Group<'a> {
    pub(super) fn code(&self) -> &'a str {
        self.first.code
    }

    pub(super) fn severity(&self) -> &'a str {
        self.first.severity
    }

    /// What is wrong, in a few words.
    pub(super) fn title(&self) -> &'a str {
        self.first.title
    }

    pub(super) fn why(&self) -> &'a str {
        &self.first.why
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.first.exception.is_some()
    }

    /// The findings by what is to be done about them.
    pub(super) fn courses(&self) -> Vec<Course<'a>> {
        let words = |finding: &&'a Finding| finding.remedies.iter().map(words).collect::<Vec<_>>();
        let alike = alike(self.findings.iter().copied(), words);
        alike.into_iter().map(|(first, findings)| Course { first, findings }).collect()
    }
}

fn words(remedy: &Remedy) -> [&str; 4] {
    [remedy.kind, &remedy.title, remedy.confirm.as_deref().unwrap_or_default(), &remedy.advice]
}

impl<'a> Course<'a> {
    /// What to do, the preferred way first.
    pub(super) fn ways(&self) -> Vec<Way<'a>> {
        let way = |(number, words)| Way {
            words,
            each: self.findings.iter().filter_map(|finding| finding.remedies.get(number)).collect(),
        };
        self.first.remedies.iter().enumerate().map(way).collect()
    }
}

impl<'a> Way<'a> {
    pub(super) fn run(&self) -> impl Iterator<Item = &'a str> {
        self.commands().map(|command| command.run.as_str())
    }

    /// What takes that back, in order: the last first.
    pub(super) fn undo(&self) -> impl Iterator<Item = &'a str> {
        self.commands().rev().map(|command| command.undo.as_str())
    }

    /// Why a command of the undo is refused, if one is.
    pub(super) fn undo_refused(&self) -> Option<&'static str> {
        self.commands().find_map(|command| command.undo_refused)
    }

    /// What shows whether it worked.
    pub(super) fn verify(&self) -> impl Iterator<Item = &'a str> {
        self.each.iter().filter_map(|remedy| remedy.verify.as_deref())
    }

    fn commands(&self) -> impl DoubleEndedIterator<Item = &'a Command> {
        self.each.iter().flat_map(|remedy| &remedy.commands)
    }
}
