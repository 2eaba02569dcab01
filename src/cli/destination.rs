//! Where a result goes: to standard output, into a file that is written whole or not at all, or straight into what is no file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use spn_doctor::directory::text::printable;
use spn_doctor::trouble::Trouble;

use super::interrupt::Unfinished;

/// Writes a result to whatever it is given, a file or standard output; called once.
pub(crate) type Writing<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Where a result goes, and the name it was given.
pub(crate) struct Destination {
    name: String,
    place: Place,
}

enum Place {
    StandardOutput,
    /// A pipe, a device, or what somebody opened before: it is written where it stands, and stays.
    Stream(PathBuf),
    /// A file, or where none is yet; no link.
    File(PathBuf),
}

/// Who may read a file that is written.
#[derive(Clone, Copy)]
pub(crate) enum Readers {
    Owner,
    All,
}

/// The name that stands for standard output.
const STDOUT: &str = "-";

impl Destination {
    /// Standard output unless there is a path. What cannot be written is told before anything is read.
    pub(crate) fn of(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| path.as_os_str() != STDOUT) else {
            return Ok(Self { name: String::new(), place: Place::StandardOutput });
        };
        let name = format!("{} cannot be written", shown(path));
        let place = Place::of(path).with_context(|| name.clone())?;
        Ok(Self { name, place })
    }

    /// Writes a result; `readers` is for a file.
    pub(crate) fn write(&self, readers: Readers, write: Writing) -> Result<()> {
        let written = match &self.place {
            Place::StandardOutput => return print(write),
            Place::Stream(path) => write_stream(path, write),
            Place::File(path) => write_file(path, readers, write),
        };
        written.with_context(|| self.name.clone())
    }
}

impl Place {
    /// Follows links, since the last of them may lead to where nothing is yet.
    fn of(path: &Path) -> Result<Self> {
        /// As many as Linux follows.
        const LINKS: usize = 40;
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            if is_open(&path) {
                let is_standard_output = path.file_name().is_some_and(|number| number == "1");
                return Ok(if is_standard_output { Self::StandardOutput } else { Self::Stream(path) });
            }
            let Ok(target) = fs::read_link(&path) else { break };
            path = folder_of(&path).join(target);
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                Err(Trouble::new("it is a folder").hint("give the name of a file in it").into())
            }
            Ok(found) if !found.is_file() => Ok(Self::Stream(path)),
            Err(_) if is_device(&path) => Ok(Self::Stream(path)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => has_folder(&path).map(|()| Self::File(path)),
        }
    }
}

/// Whether this is the name of something that the program was started with, as /dev/fd/3: a file by such a name has another
/// one too, and whoever opened it goes on with it.
fn is_open(path: &Path) -> bool {
    let [folder, open] = [folder_of(path), Path::new("/dev/fd")].map(|folder| fs::canonicalize(folder).ok());
    open.is_some() && folder == open
}

/// Windows says nothing of NUL and its like, but opens them.
fn is_device(path: &Path) -> bool {
    cfg!(windows) && File::options().append(true).open(path).is_ok()
}

fn has_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    if folder.exists() {
        return Ok(());
    }
    let what = format!("the folder {} does not exist", shown(folder));
    Err(Trouble::new(what).hint("create it first, or choose another file with --output").into())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// Prints to standard output, in colour where a terminal shows it.
pub(crate) fn print(write: Writing) -> Result<()> {
    write_to(anstream::stdout().lock(), write).context("the result cannot be written to standard output")
}

/// Behind what is there, if anything is.
fn write_stream(path: &Path, write: Writing) -> io::Result<()> {
    let file = File::options().append(true).open(path)?;
    write_to(anstream::StripStream::new(file), write)
}

/// Beside its place first, then moved there.
fn write_file(path: &Path, readers: Readers, write: Writing) -> io::Result<()> {
    let make = |name: &Path| create(name, path, readers);
    let mut builder = tempfile::Builder::new();
    let mut new = Unfinished::begin(|| builder.prefix(".spn-doctor-").make_in(folder_of(path), make))?;
    write_to(anstream::StripStream::new(new.file()), write)?;
    new.finish(path)
}

/// Makes a file that will stand in the place of another, if there is one.
fn create(name: &Path, replaced: &Path, readers: Readers) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode(replaced, readers));
    // Elsewhere the folder's own rules apply.
    #[cfg(not(unix))]
    let _ = (replaced, readers);
    options.open(name)
}

/// Whom the replaced file was kept from does not get to read the new one. The umask takes its part, as from any new file.
#[cfg(unix)]
fn mode(replaced: &Path, readers: Readers) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    const ALL: u32 = 0o666;
    match readers {
        Readers::Owner => 0o600,
        Readers::All => fs::metadata(replaced).map_or(ALL, |found| found.permissions().mode() & ALL),
    }
}

fn write_to(out: impl Write, write: Writing) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    write(&mut out)?;
    out.flush()
}
