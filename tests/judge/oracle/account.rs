//! Whose account it is: marks, and who has enough of them.

use std::collections::BTreeSet;

use crate::judge::oracle::directory::{Directory, Object, Server};
use crate::judge::oracle::entries::fold;
use crate::judge::oracle::questions::{DEAD_CAN_BE_MISNAMED, NAMELESS_IN_OTHER_DOMAIN_IS_ANOTHER};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    Account(usize),
    /// The only candidate calls itself otherwise.
    Misnamed,
    Ambiguous,
    Nobody,
}

#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Marks {
    pub(crate) named: bool,
    pub(crate) host: bool,
    pub(crate) dns: bool,
}

impl Marks {
    pub(crate) fn of(object: &Object, name: &str, fqdn: Option<&str>) -> Self {
        let fqdn = fqdn.map(fold);
        Self {
            named: object.is_called(&format!("{name}$")),
            host: fqdn.as_ref().is_some_and(|fqdn| object.holds(&format!("host/{fqdn}"))),
            dns: fqdn.is_some() && object.dns_host == fqdn,
        }
    }

    pub(crate) fn count(self) -> usize {
        self.names().len()
    }

    pub(crate) fn names(self) -> BTreeSet<&'static str> {
        let marks = [(self.named, "named"), (self.host, "host"), (self.dns, "dns")];
        marks.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
    }
}

/// The account of each server; a machine chosen twice is nobody's.
pub(crate) fn choices(directory: &Directory) -> Vec<Choice> {
    let judged = |server: &Server| if server.skipped() { Choice::Nobody } else { choice(directory, server) };
    let alone: Vec<Choice> = directory.servers.iter().map(judged).collect();
    let chosen = |wanted: Choice| alone.iter().filter(|choice| **choice == wanted).count();
    let contested = |choice: Choice| matches!(choice, Choice::Account(_)) && chosen(choice) > 1;
    alone.iter().map(|choice| if contested(*choice) { Choice::Ambiguous } else { *choice }).collect()
}

fn choice(directory: &Directory, server: &Server) -> Choice {
    let Some(fqdn) = server.address.as_deref() else { return without_fqdn(directory, server) };
    let marked = marked(directory, server, fqdn);
    let is_dead = |at: usize| directory.objects[at].dead;
    let live: Vec<(usize, Marks)> = marked.iter().copied().filter(|(at, _)| !is_dead(*at)).collect();
    let nobody_lives = live.is_empty();
    let field = if nobody_lives { marked } else { live };
    let strong: Vec<usize> = field.iter().filter(|(_, marks)| marks.count() > 1).map(|(at, _)| *at).collect();
    let undecided = if nobody_lives { Choice::Nobody } else { Choice::Ambiguous };
    match (&strong[..], &field[..]) {
        ([account], _) => Choice::Account(*account),
        ([], [(only, marks)]) => by_one_mark(directory, fqdn, *only, *marks, undecided),
        _ => undecided,
    }
}

pub(crate) fn marked(directory: &Directory, server: &Server, fqdn: &str) -> Vec<(usize, Marks)> {
    let machines = directory.objects.iter().enumerate().filter(|(_, object)| object.machine);
    let marks = machines.map(|(at, object)| (at, Marks::of(object, &server.name, Some(fqdn))));
    marks.filter(|(_, marks)| marks.count() > 0).collect()
}

/// Rules 2 and 3: a single machine with a single mark.
fn by_one_mark(directory: &Directory, fqdn: &str, only: usize, marks: Marks, undecided: Choice) -> Choice {
    let object = &directory.objects[only];
    let home = directory.domain_of_host(&fold(fqdn)).map(str::to_owned);
    let lies_there = home.as_ref() == Some(&object.domain);
    let lies_elsewhere = home.is_some() && !lies_there;
    let calls_itself_otherwise = object.dns_host.as_ref().is_some_and(|host| *host != fold(fqdn));
    match (marks.named, calls_itself_otherwise) {
        (false, false) => Choice::Account(only),
        (true, false) if lies_there => Choice::Account(only),
        (true, false) if lies_elsewhere && NAMELESS_IN_OTHER_DOMAIN_IS_ANOTHER => Choice::Nobody,
        (false, true) | (true, false) => undecided,
        (true, true) if lies_elsewhere => Choice::Nobody,
        (true, true) if object.dead && !DEAD_CAN_BE_MISNAMED => Choice::Nobody,
        (true, true) => Choice::Misnamed,
    }
}

/// Where `networkAddress` has no FQDN, a single live machine of that name is the account.
fn without_fqdn(directory: &Directory, server: &Server) -> Choice {
    let named = |object: &Object| object.machine && !object.dead && object.is_called(&format!("{}$", server.name));
    let indexed = directory.objects.iter().enumerate();
    let live: Vec<usize> = indexed.filter(|(_, object)| named(object)).map(|(at, _)| at).collect();
    match live[..] {
        [] => Choice::Nobody,
        [only] => Choice::Account(only),
        _ => Choice::Ambiguous,
    }
}
