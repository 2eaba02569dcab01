//! The picture: servers on the left, the names they need in the middle, the accounts that hold them on the right.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::words::count;
use crate::directory::text::{clipped, fold, printable};
use crate::report::{Report, RequiredSpn, Server};

/// How many names are drawn; a picture of more is no picture.
const MOST: usize = 150;
/// How many names are shown without being asked for; more would stand in the way of the findings.
const AT_ONCE: usize = 30;
/// How many servers and how many accounts are drawn for one name.
const FEW: usize = 10;
/// How far apart two lines of text stand.
const ROW: usize = 28;
/// Where the columns begin, and where each ends.
const COLUMNS: [(usize, usize); 3] = [(10, 200), (300, 650), (750, 1090)];

/// A column of nodes, each with its place from above.
type Nodes = BTreeMap<String, (String, usize)>;

/// A line from a name to an account.
struct Holding {
    name: usize,
    account: String,
    class: &'static str,
}

/// What is wrong at a glance; nothing where every name is registered.
pub(super) fn draw(report: &Report) -> Markup {
    let wrong: Vec<(&Server, &RequiredSpn)> = report
        .servers
        .iter()
        .flat_map(|server| server.spns.iter().map(move |spn| (server, spn)))
        .filter(|(_, spn)| spn.status != "registered")
        .collect();
    let names: BTreeSet<String> = wrong.iter().map(|(_, spn)| fold(&spn.spn)).collect();
    html! {
        @if !names.is_empty() {
            section aria-labelledby="picture" {
                h2 #picture { "Names that are not registered as they should be" }
                p { "Left: who needs the name. Right: who holds it (solid line), and who should (dashed line)." }
                details open[names.len() <= AT_ONCE] {
                    summary { "Picture of " (count(names.len(), "name")) }
                    @if names.len() > MOST { p { "The first " (MOST) " names are drawn; the table below has all." } }
                    @if is_crowded(&wrong) { p { "Of the servers and accounts of one name, " (FEW) " are drawn; its finding says more." } }
                    div.wide tabindex="0" role="group" aria-label="Picture" { (picture(&wrong)) }
                }
            }
        }
    }
}

/// Whether a name has more servers or accounts than are drawn.
fn is_crowded(wrong: &[(&Server, &RequiredSpn)]) -> bool {
    let mut servers: BTreeMap<String, usize> = BTreeMap::new();
    for (_, spn) in wrong {
        *servers.entry(fold(&spn.spn)).or_default() += 1;
    }
    servers.values().any(|servers| *servers > FEW) || wrong.iter().any(|(_, spn)| spn.holders.len() > FEW)
}

fn picture(wrong: &[(&Server, &RequiredSpn)]) -> Markup {
    let mut names: Vec<(&RequiredSpn, Vec<&Server>)> = Vec::new();
    for (server, spn) in wrong {
        let known = names.iter().position(|(known, _)| fold(&known.spn) == fold(&spn.spn));
        if let Some((_, servers)) = known.and_then(|number| names.get_mut(number)) {
            if servers.len() < FEW {
                servers.push(server);
            }
        } else if names.len() < MOST {
            names.push((spn, vec![server]));
        }
    }
    let height = |rows: usize| rows * ROW + 20;
    let at = |row: usize| row * ROW + 20;
    let holdings = holdings(&names);
    let rows = rows(&names, &holdings);
    let row = |name: usize| rows.get(name).copied().unwrap_or_default();
    let servers = placed(names.iter().enumerate().flat_map(|(name, (_, servers))| {
        servers.iter().map(move |server| (fold(&server.name), server.name.clone(), row(name)))
    }));
    let accounts =
        placed(holdings.iter().map(|holding| (fold(&holding.account), holding.account.clone(), row(holding.name))));
    let last = rows.last().map_or(0, |row| row + 1).max(last(&servers)).max(last(&accounts));
    html! {
        svg.picture viewBox={ "0 0 1100 " (height(last)) } role="img" aria-label="Servers, the names they need, and the accounts that hold them" {
            @for (name, (_, needing)) in names.iter().enumerate() {
                @for server in needing {
                    @if let Some((_, place)) = servers.get(&fold(&server.name)) { (line(0, at(*place), at(row(name)), "needs")) }
                }
            }
            @for holding in &holdings {
                @if let Some((_, place)) = accounts.get(&fold(&holding.account)) {
                    (line(1, at(row(holding.name)), at(*place), holding.class))
                }
            }
            @for (name, place) in servers.values() { (text(0, at(*place), name, "", name)) }
            @for (name, (spn, _)) in names.iter().enumerate() { (text(1, at(row(name)), &spn.spn, spn.status, &spn.spn)) }
            @for (dn, place) in accounts.values() { (text(2, at(*place), short(dn), "", dn)) }
        }
    }
}

/// Who holds each name, and who should.
fn holdings(names: &[(&RequiredSpn, Vec<&Server>)]) -> Vec<Holding> {
    let mut holdings = Vec::new();
    for (name, (spn, servers)) in names.iter().enumerate() {
        let own: Vec<&str> = servers.iter().filter_map(|server| Some(server.account.as_ref()?.dn.as_str())).collect();
        let is_for_one = matches!(spn.status, "missing" | "misplaced" | "duplicate");
        for holder in spn.holders.iter().take(FEW) {
            let is_right = is_for_one && own.contains(&holder.as_str());
            holdings.push(Holding { name, account: holder.clone(), class: if is_right { "right" } else { "wrong" } });
        }
        let lacking = own.iter().filter(|own| is_for_one && !spn.holders.iter().any(|holder| holder == *own));
        holdings.extend(lacking.map(|own| Holding { name, account: (*own).to_owned(), class: "should" }));
    }
    holdings
}

/// The row of each name: below the nodes of the name before, so that they stand beside it.
fn rows(names: &[(&RequiredSpn, Vec<&Server>)], holdings: &[Holding]) -> Vec<usize> {
    let (mut servers, mut accounts, mut next) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut row = |(name, (_, needing)): (usize, &(&RequiredSpn, Vec<&Server>))| {
        let row = next;
        let new_servers = needing.iter().filter(|server| servers.insert(fold(&server.name))).count();
        let held = holdings.iter().filter(|holding| holding.name == name);
        let new_accounts = held.filter(|holding| accounts.insert(fold(&holding.account))).count();
        next += new_servers.max(new_accounts).max(1);
        row
    };
    names.iter().enumerate().map(&mut row).collect()
}

/// Each node once, beside the first name it belongs to, or below the node before.
fn placed(nodes: impl Iterator<Item = (String, String, usize)>) -> Nodes {
    let (mut placed, mut next) = (Nodes::new(), 0);
    for (key, shown, row) in nodes {
        placed.entry(key).or_insert_with(|| {
            let place = row.max(next);
            next = place + 1;
            (shown, place)
        });
    }
    placed
}

fn last(nodes: &Nodes) -> usize {
    nodes.values().map(|(_, place)| place + 1).max().unwrap_or_default()
}

/// `EX01` of `CN=EX01,CN=Computers,DC=contoso,DC=com`.
fn short(dn: &str) -> &str {
    let first = crate::directory::dn::parts(dn).next().unwrap_or(dn);
    first.split_once('=').map_or(first, |(_, value)| value)
}

/// From the right edge of a column to the left edge of the next.
fn line(column: usize, from: usize, to: usize, class: &str) -> Markup {
    let edge = |column: usize| COLUMNS.get(column).copied().unwrap_or_default();
    let (start, end) = (edge(column).1, edge(column + 1).0);
    let middle = start.midpoint(end);
    html! { path.(class) d={ "M" (start) " " (from) " C" (middle) " " (from) " " (middle) " " (to) " " (end) " " (to) } {} }
}

/// A node: what it is called, and where it is a name, how that stands.
fn text(column: usize, y: usize, shown: &str, status: &str, whole: &str) -> Markup {
    let (start, end) = COLUMNS.get(column).copied().unwrap_or_default();
    let room = (end - start - status.len() * 9) / 9 - 1;
    html! {
        g.node {
            title { (printable(whole)) }
            rect x=(start) y=(y - 12) width=(end - start) height="24" rx="4" {}
            text x=(start + 8) y=(y + 5) { (printable(&clipped(shown, room))) }
            @if !status.is_empty() { text.status x=(end - 8) y=(y + 5) text-anchor="end" { (status) } }
        }
    }
}
