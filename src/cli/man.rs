//! The manual page: all commands and their flags on one page, since they are few.

use std::io::{self, Write};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::arguments::Cli;

const EXIT_STATUS: [(&str, &str); 3] = [
    ("0", "Everything was read, and nothing at or above --fail-on was found."),
    ("1", "Everything was read, and something at or above --fail-on was found."),
    ("2", "The check could not be completed: wrong usage, or data that is unreadable or incomplete."),
];
const ENVIRONMENT: [(&str, &str); 4] = [
    ("SPN_DOCTOR_PASSWORD", "The password of --user, unless --password-file is given."),
    ("NO_COLOR", "If set, output has no color."),
    ("USERDNSDOMAIN", "The domain to read, unless --domain or --server is given. Windows sets it for domain users."),
    ("KRB5CCNAME, KRB5_CONFIG", "The Kerberos ticket cache and configuration, on Unix."),
];

/// Writes the page in the language of man(7).
pub(crate) fn write(out: &mut dyn Write) -> io::Result<()> {
    let mut program = Cli::command();
    program.build();
    let page = Man::new(program.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        write_command(command, out)?;
    }
    write_list("EXIT STATUS", &EXIT_STATUS, out)?;
    write_list("ENVIRONMENT", &ENVIRONMENT, out)
}

/// One command as a section; what would be sections of a page of its own become subsections.
fn write_command(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or_default();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut heading = Roff::new();
    heading.control("SH", [name.to_uppercase().as_str()]).text([roman(format!("{about}."))]);
    heading.to_writer(out)?;
    let page = Man::new(command.clone());
    let mut sections = Vec::new();
    page.render_synopsis_section(&mut sections)?;
    page.render_options_section(&mut sections)?;
    let sections = String::from_utf8_lossy(&sections);
    sections.lines().try_for_each(|line| match line.strip_prefix(".SH ") {
        Some(title) => writeln!(out, ".SS {title}"),
        None => writeln!(out, "{line}"),
    })
}

fn write_list(title: &str, entries: &[(&str, &str)], out: &mut dyn Write) -> io::Result<()> {
    let mut list = Roff::new();
    list.control("SH", [title]);
    for (term, text) in entries {
        list.control("TP", []).text([bold(*term)]).text([roman(*text)]);
    }
    list.to_writer(out)
}
