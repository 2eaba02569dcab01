//! A change of one service principal name of one account.

use crate::directory::account::Account;
use crate::directory::spn::Spn;

/// What setspn is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The account gets the name.
    Add,
    /// The account loses the name.
    Delete,
}

impl Action {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Delete => "delete",
        }
    }
}

/// One account gets or loses one name.
#[derive(Clone, Debug)]
pub struct Change {
    /// Whether the name comes or goes.
    pub action: Action,
    /// The name: as configured when it is added, exactly as held when it is deleted.
    pub spn: Spn,
    /// Whose name it is, as the directory had it when it was judged.
    pub account: Account,
}

impl Change {
    /// The account gets the name.
    #[must_use]
    pub fn add(spn: &Spn, account: &Account) -> Self {
        Self { action: Action::Add, spn: spn.clone(), account: account.clone() }
    }

    /// The account loses the name, if it holds it.
    #[must_use]
    pub fn delete(spn: &Spn, account: &Account) -> Option<Self> {
        let held = account.held(spn)?.clone();
        Some(Self { action: Action::Delete, spn: held, account: account.clone() })
    }

    /// What takes the change back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let action = match self.action {
            Action::Add => Action::Delete,
            Action::Delete => Action::Add,
        };
        Self { action, ..self.clone() }
    }
}
