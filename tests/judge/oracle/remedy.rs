//! What may be run, and of which kinds the remedies are.

use std::collections::BTreeSet;

use crate::judge::oracle::directory::{Generation, Object, is_host_name};
use crate::judge::oracle::entries::fold;
use crate::judge::oracle::judge::Relations;
use crate::judge::oracle::questions::{NOTHING_IS_READY_ON_2000, STRAY_READY_NEEDS_MARKS, left_out};

/// A setspn command, with the case of names folded. Deletes come before adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Command {
    pub(crate) add: bool,
    pub(crate) spn: String,
    /// `domain\name`
    pub(crate) account: String,
    pub(crate) user: bool,
}

/// The kinds of a finding's remedies, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    Exactly(Vec<&'static str>),
    First(&'static str),
    /// The promise does not say.
    Any,
}

#[derive(Clone, Debug)]
pub(crate) struct Cure {
    pub(crate) kinds: Kinds,
    /// All ready commands; nothing where the promise does not say.
    pub(crate) ready: Option<BTreeSet<Command>>,
}

impl Cure {
    pub(crate) fn decide() -> Self {
        Self::never(Kinds::Exactly(vec!["decide"]))
    }

    pub(crate) fn never(kinds: Kinds) -> Self {
        Self { kinds, ready: Some(BTreeSet::new()) }
    }
}

impl Relations<'_> {
    /// `DOMAIN\name` where that is one object and safe to print.
    fn target(&self, object: usize) -> Option<String> {
        let object = &self.directory.objects[object];
        let sam = object.sam.as_deref()?;
        let stem = if object.computer { sam.strip_suffix('$')? } else { sam };
        let netbios = self.directory.netbios_of(&object.domain)?;
        let namesakes = |other: &&Object| other.domain == object.domain && other.is_called(sam);
        let one = self.directory.objects.iter().filter(namesakes).count() == 1;
        (one && harmless(stem) && harmless(netbios)).then(|| fold(&format!("{netbios}\\{sam}")))
    }

    fn command(&self, add: bool, spn: &str, object: usize) -> Option<Command> {
        let user = !self.directory.objects[object].computer;
        Some(Command { add, spn: fold(spn), account: self.target(object)?, user })
    }

    /// Live, with two marks.
    fn is_certain(&self, server: usize) -> bool {
        let live = self.account(server).is_some_and(|account| !self.directory.objects[account].dead);
        live && self.marks(server).is_some_and(|marks| marks.count() > 1)
    }

    fn is_doubtful(&self, server: usize) -> bool {
        let mapped = self.directory.host_counts && left_out("mapped-commands");
        mapped || (self.directory.servers[server].undotted && left_out("undotted-marks"))
    }

    pub(crate) fn cure_of_missing(&self, server: usize, name: &str, complete: bool) -> Cure {
        let Some(account) = self.account(server) else { return Cure::decide() };
        let command = self.command(true, &format!("smtpsvc/{name}"), account).filter(|_| is_host_name(name));
        let generation = self.directory.servers[server].generation;
        let hotfix = generation == Generation::E2000 && NOTHING_IS_READY_ON_2000;
        let kinds = match (&command, generation) {
            _ if self.directory.host_counts => Kinds::Any,
            (None, _) => Kinds::Any,
            (_, Generation::E2003) if self.announcers(name).contains(&server) => {
                Kinds::Exactly(vec!["setspn", "registry"])
            }
            (_, Generation::E2003) => Kinds::First("setspn"),
            _ => Kinds::Exactly(vec!["setspn"]),
        };
        let ready = complete && !hotfix && self.is_certain(server);
        let commands = command.into_iter().filter(|_| ready).collect();
        Cure { kinds, ready: (!self.is_doubtful(server)).then_some(commands) }
    }

    pub(crate) fn cure_of_held(&self, server: usize, name: &str, complete: bool) -> Cure {
        let Some(account) = self.account(server) else { return Cure::decide() };
        let spn = format!("smtpsvc/{name}");
        let mut others = self.holders_of(&spn);
        let held = others.remove(&account);
        let deletes = others.iter().map(|other| self.command(false, &spn, *other));
        let add = (!held).then(|| self.command(true, &spn, account));
        let commands: Option<BTreeSet<Command>> = deletes.chain(add).collect();
        let all_dead = others.iter().all(|other| self.directory.objects[*other].dead);
        let ready = complete && all_dead && self.is_certain(server);
        let on_2000 = self.directory.servers[server].generation == Generation::E2000;
        let clear = commands.is_some() && !self.directory.host_counts;
        let kinds = if clear { Kinds::Exactly(vec!["setspn"]) } else { Kinds::Any };
        let commands = commands.filter(|_| ready).unwrap_or_default();
        Cure { kinds, ready: (!on_2000 && !self.is_doubtful(server)).then_some(commands) }
    }

    pub(crate) fn cure_of_stray(&self, server: usize, fqdn: &str, complete: bool) -> Cure {
        let Some(account) = self.account(server) else { return Cure::decide() };
        let names = [fqdn.to_owned(), fold(&self.directory.servers[server].name)].map(|name| format!("host/{name}"));
        let mut others = self.holders_of(&names[0]);
        others.remove(&account);
        let mut commands = Vec::new();
        let mut contested = false;
        for spn in &names {
            let holders = self.holders_of(spn);
            let strays = holders.intersection(&others);
            commands.extend(strays.map(|other| self.command(false, spn, *other)));
            contested |= holders.iter().any(|holder| !others.contains(holder) && *holder != account);
            if !holders.contains(&account) {
                commands.push(self.command(true, spn, account));
            }
        }
        let unnamed = others.iter().filter(|other| self.target(**other).is_none()).count();
        let commands: Option<BTreeSet<Command>> = commands.into_iter().collect();
        let kinds = match (&commands, unnamed == others.len()) {
            (Some(_), _) => Kinds::Exactly(vec!["setspn"]),
            (None, true) => Kinds::Exactly(vec!["decide"]),
            (None, false) => Kinds::Any,
        };
        let all_dead = others.iter().all(|other| self.directory.objects[*other].dead);
        // Of two server objects of one FQDN, whoever gets the name could be both.
        let once = self.servers_called(fqdn).len() < 2;
        let ready = complete && all_dead && once && (self.is_certain(server) || !STRAY_READY_NEEDS_MARKS);
        let commands = commands.filter(|_| ready).unwrap_or_default();
        Cure { kinds, ready: (!contested && !self.is_doubtful(server)).then_some(commands) }
    }

    /// Set the FQDN back; then take away the copies that the servers' accounts hold.
    pub(crate) fn cure_of_foreign(&self, servers: &BTreeSet<usize>, name: &str) -> Cure {
        let holders = self.holders_of(&format!("smtpsvc/{name}"));
        let accounts = servers.iter().filter_map(|server| self.account(*server));
        let copies: Vec<usize> = accounts.filter(|account| holders.contains(account)).collect();
        let all_named = copies.iter().all(|copy| self.target(*copy).is_some());
        Cure::never(match (copies.is_empty(), all_named) {
            (true, _) => Kinds::Exactly(vec!["exchange"]),
            (false, true) => Kinds::Exactly(vec!["exchange", "setspn"]),
            (false, false) => Kinds::First("exchange"),
        })
    }
}

/// Nothing in it means anything to cmd.exe, PowerShell or sh.
pub(crate) fn harmless(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
