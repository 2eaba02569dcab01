//! What puts a finding right: changes as data, their inverse, and the commands that make them.

pub mod change;
pub mod exchange;
mod holders;
pub mod registry;
pub mod setspn;

use std::fmt;

use self::change::Change;
use self::exchange::ShellCommand;
pub(super) use self::holders::{announce_own_name, only_holder, strays};
use crate::directory::account::Account;
use crate::directory::spn::Spn;

/// What kind of thing there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Service principal names are added and deleted.
    Setspn,
    /// Exchange's configuration is changed.
    Exchange,
    /// The registry of a server is changed.
    Registry,
    /// Nothing can be run: somebody has to decide.
    Decide,
}

impl Kind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setspn => "setspn",
            Self::Exchange => "exchange",
            Self::Registry => "registry",
            Self::Decide => "decide",
        }
    }
}

/// What one command does.
#[derive(Clone, Debug)]
pub enum Step {
    /// One account gets or loses one name.
    Spn(Change),
    /// Exchange's configuration is changed.
    Exchange(ShellCommand),
}

/// One way to put a finding right.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// What kind of thing there is to do.
    pub kind: Kind,
    /// What it does, in a few words.
    pub title: String,
    /// What has to be made sure before; none if it is ready to be run.
    pub confirm: Option<String>,
    /// The steps, in the order in which they are made: nothing is added before it is deleted elsewhere. If one cannot be printed, none is:
    /// half of a remedy can do more harm than the finding.
    pub steps: Vec<Result<Step, Unprintable>>,
    /// What to consider or decide.
    pub advice: String,
    /// The name to ask for afterwards, and the account that should answer.
    pub verify: Option<(Spn, Option<Account>)>,
}

impl Remedy {
    /// A remedy without steps yet.
    pub fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), confirm: None, steps: Vec::new(), advice: String::new(), verify: None }
    }

    /// Service principal names are changed.
    pub fn setspn(title: impl Into<String>, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut remedy = Self::new(Kind::Setspn, title);
        remedy.steps.extend(changes.into_iter().map(|change| Ok(Step::Spn(change))));
        remedy
    }

    /// Nothing can be run; `advice` says what to decide, and how to tell.
    pub fn decide(title: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Kind::Decide, title).advice(advice)
    }

    /// What to consider or decide.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// What has to be made sure before, if anything.
    #[must_use]
    pub fn confirm(mut self, confirm: impl Into<Option<String>>) -> Self {
        self.confirm = confirm.into();
        self
    }

    /// How much memory it takes together with what a report makes of it, more or less.
    pub(super) fn weight(&self) -> usize {
        let text = self.title.len() + self.advice.len() + self.confirm.as_ref().map_or(0, String::len);
        800 + 2 * text + self.steps.iter().map(weight_of_step).sum::<usize>()
    }

    /// What to ask for afterwards.
    #[must_use]
    pub fn verify(mut self, spn: &Spn, account: Option<&Account>) -> Self {
        self.verify = Some((spn.clone(), account.cloned()));
        self
    }
}

fn weight_of_step(step: &Result<Step, Unprintable>) -> usize {
    match step {
        Ok(Step::Spn(change)) => 1000 + 5 * change.spn.as_str().len() + 2 * change.account.dn.as_str().len(),
        Ok(Step::Exchange(command)) => 400 + 2 * (command.run.len() + command.undo.len()),
        Err(Unprintable(reason)) => 100 + 2 * reason.len(),
    }
}

/// Why no command is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable(pub(super) String);

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
