//! Flags become plain settings. Beside what is printed of them (completions, manual page), the one file that knows clap.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use zeroize::Zeroizing;

use spn_doctor::directory::text::printable;
use spn_doctor::input::ldap::{Auth, HAS_KERBEROS, Secret, Security, Settings};
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::judge::severity::Severity;
use spn_doctor::trouble::Trouble;

use super::interrupt;

/// Finds missing, misplaced and duplicate SMTPSVC service principal names of Exchange servers, and prints the setspn commands that put them right.
#[derive(Debug, Parser)]
#[command(name = "spn-doctor", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a directory, live or recorded, judge it, report
    #[command(
        after_help = "Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 the answer could not be established."
    )]
    Check(Check),
    /// Read the same data and write it as LDIF that `check --from` replays with the same result
    #[command(after_help = "Exit codes: 0 all was read and written, 2 it was not.")]
    Record(Record),
    /// The manual of one finding code, or the list of all
    Explain {
        /// The code, such as missing-spn; all are listed without
        code: Option<String>,
    },
    /// Print the JSON Schema of the report
    Schema,
    /// Print what a shell needs to complete command lines
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page, for man(1)
    Man,
}

/// A shell whose completions can be printed.
#[allow(clippy::enum_variant_names, reason = "that is its name")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
}

/// The flags of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) directory: Directory,
    /// What the report looks like
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Write the report to a file, whole or not at all; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Report only these Exchange servers (NetBIOS names)
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// The setspn that the commands are for: of Windows Server 2008 and later, or of 2003
    #[arg(long, value_enum, default_value_t, value_name = "VERSION")]
    setspn: Setspn,
}

impl Check {
    /// The least severity that makes the exit code 1; none if nothing does.
    pub(crate) fn fail_on(&self) -> Option<Severity> {
        match self.fail_on {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }

    /// The dialect of the commands.
    pub(crate) fn dialect(&self) -> Dialect {
        match self.setspn {
            Setspn::Server2008 => Dialect::Server2008,
            Setspn::Server2003 => Dialect::Server2003,
        }
    }
}

/// The flags of `record`.
#[derive(Args, Debug)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) directory: Directory,
    /// The recording to write, whole or not at all, for its owner only; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace the names of organisation, domains, servers, accounts and connectors
    #[arg(long)]
    pub(crate) redact: bool,
}

/// Where the data comes from: recordings, or a live directory and how to reach it.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Debug)]
pub(crate) struct Directory {
    /// Read recordings (LDIF) instead of a live directory; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["domain", "server", "auth", "user", "password_file", "ldaps", "starttls", "ca_file", "insecure_plaintext", "insecure_skip_certificate_check"])]
    pub(crate) from: Vec<PathBuf>,
    /// The domain to ask the DNS for controllers of [default: that of the environment]
    #[arg(long, value_name = "DOMAIN", conflicts_with = "server", help_heading = "Live directory")]
    pub(crate) domain: Option<String>,
    /// A domain controller; may be given several times, the first that answers is read
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Live directory")]
    pub(crate) server: Vec<String>,
    /// Who asks [default: kerberos, or simple with --user]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Live directory")]
    auth: Option<AuthKind>,
    /// The user of a simple bind: user@contoso.com, CONTOSO\user or a DN. The password comes from --password-file,
    /// the variable `SPN_DOCTOR_PASSWORD`, or a prompt
    #[arg(long, value_name = "USER", help_heading = "Live directory")]
    user: Option<String>,
    /// A file whose first line is the password, in UTF-8
    #[arg(long, value_name = "FILE", requires = "user", help_heading = "Live directory")]
    password_file: Option<PathBuf>,
    /// TLS from the first byte, port 636; the default for a simple bind
    #[arg(long, group = "protection", help_heading = "Live directory")]
    ldaps: bool,
    /// TLS on port 389, asked for before anything else
    #[arg(long, group = "protection", help_heading = "Live directory")]
    starttls: bool,
    /// Nothing protects the connection: anybody on the way can read and change everything, the password too
    #[arg(long, group = "protection", help_heading = "Live directory")]
    insecure_plaintext: bool,
    /// The certificates (PEM) that the server's has to descend from [default: those the system trusts]
    #[arg(long, value_name = "FILE", help_heading = "Live directory")]
    ca_file: Option<PathBuf>,
    /// Take any certificate: whoever sits on the network can read everything, the password too
    #[arg(long, conflicts_with = "ca_file", help_heading = "Live directory")]
    insecure_skip_certificate_check: bool,
    /// How long the whole reading may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Live directory")]
    timeout: u64,
    /// How many objects the server may send at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Live directory")]
    page_size: u32,
    /// Show each search: base, filter, entries, pages, milliseconds
    #[arg(short, long, help_heading = "Live directory")]
    pub(crate) verbose: bool,
}

impl Directory {
    /// How to reach the live directory; asks for the password where one is needed.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let auth = self.auth()?;
        let security = match (&auth, self.ldaps, self.starttls, self.insecure_plaintext) {
            (_, true, _, _) => Security::Ldaps,
            (_, _, true, _) => Security::StartTls,
            (_, _, _, true) => Security::InsecurePlaintext,
            (Auth::Kerberos, ..) => Security::Sealed,
            _ => Security::Ldaps,
        };
        let timeout = Duration::from_secs(self.timeout);
        Ok(Settings {
            domain: self.domain.clone(),
            servers: self.server.clone(),
            auth,
            security,
            ca_file: self.ca_file.clone(),
            insecure_skip_certificate_check: self.insecure_skip_certificate_check,
            page_size: self.page_size,
            timeout,
            step_timeout: Settings::default().step_timeout.min(timeout),
        })
    }

    fn auth(&self) -> Result<Auth> {
        let kind = match (self.auth, &self.user) {
            (Some(kind), _) => kind,
            (None, Some(_)) => AuthKind::Simple,
            (None, None) if HAS_KERBEROS => AuthKind::Kerberos,
            (None, None) => {
                return Err(Trouble::new("this build cannot authenticate with Kerberos, and no user was named")
                    .hint("name one with --user, or build with `--features kerberos`")
                    .into());
            }
        };
        match (kind, &self.user) {
            (AuthKind::Kerberos, None) => Ok(Auth::Kerberos),
            (AuthKind::Anonymous, None) => Ok(Auth::Anonymous),
            (AuthKind::Simple, Some(user)) => Ok(Auth::Simple { user: user.clone(), password: self.password()? }),
            (AuthKind::Simple, None) => {
                Err(Trouble::new("a simple bind needs a user").hint("name one with --user").into())
            }
            (_, Some(_)) => {
                Err(Trouble::new("--user is for a simple bind only").hint("leave it out, or use --auth simple").into())
            }
        }
    }

    /// From the file, the environment, or whoever sits at the terminal.
    fn password(&self) -> Result<Secret> {
        if let Some(path) = &self.password_file {
            return password_in(path);
        }
        if let Some(password) = std::env::var_os("SPN_DOCTOR_PASSWORD") {
            let password = password.into_string().ok().context("SPN_DOCTOR_PASSWORD is not UTF-8")?;
            return Ok(Secret::new(password));
        }
        let asked = interrupt::prompt(|| rpassword::prompt_password("Password: "));
        asked.map(Secret::new).map_err(|error| {
            Trouble::new(format!("no password can be asked for: {error}"))
                .hint("give it in --password-file or SPN_DOCTOR_PASSWORD")
                .into()
        })
    }
}

/// The first line of a file, without the mark that Notepad puts before it: a server would take that for a part of the password.
fn password_in(path: &Path) -> Result<Secret> {
    let name = || format!("the password file {}", printable(&path.display().to_string()));
    let bytes = short_file(path).with_context(|| format!("{} cannot be read", name()))?;
    if bytes.len() > PASSWORD_FILE {
        let what = format!("{} is longer than 64 KiB", name());
        return Err(Trouble::new(what).hint("name a file whose first line is the password").into());
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let what = format!("{} is not UTF-8", name());
        return Err(Trouble::new(what).hint("save it as UTF-8; its first line is the password").into());
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    Ok(Secret::new(line.to_owned()))
}

/// What a password file may hold, in bytes.
const PASSWORD_FILE: usize = 64 * 1024;

/// A file, or as much of it as shows that it is too long, in memory that does not move and is wiped.
fn short_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let enough = PASSWORD_FILE + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(enough));
    File::open(path)?.take(enough as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the report looks like.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthKind {
    /// The current Kerberos ticket; on Windows, whoever is logged on
    Kerberos,
    /// A user and a password
    Simple,
    /// Nobody
    Anonymous,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FailOn {
    #[default]
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Setspn {
    #[default]
    #[value(name = "2008")]
    Server2008,
    #[value(name = "2003")]
    Server2003,
}
