//! A report that is the same wherever and whenever the same directory is judged.

use std::path::Path;

use super::{Report, Source};

impl Report {
    /// Takes out what depends on the run: the version, the folders of files, the domain controller that answered.
    pub fn make_stable(&mut self) {
        self.tool.version = "0.0.0";
        let paths: Vec<(String, String)> = match &mut self.source {
            Source::Ldap { server, forest } => {
                let known = (server.clone(), forest.clone());
                server.clone_from(forest);
                vec![known]
            }
            Source::Ldif { files } => {
                let short = |file: &mut String| {
                    let name = Path::new(file.as_str()).file_name().map(|name| name.to_string_lossy().into_owned());
                    let long = std::mem::replace(file, name.unwrap_or_default());
                    (long, file.clone())
                };
                files.iter_mut().map(short).collect()
            }
        };
        let replace = |text: &mut String| {
            for (long, short) in paths.iter().filter(|(long, short)| !long.is_empty() && long != short) {
                *text = text.replace(long.as_str(), short);
            }
        };
        for problem in &mut self.problems {
            [&mut problem.place, &mut problem.what].into_iter().for_each(replace);
            problem.fix.iter_mut().for_each(replace);
        }
    }
}
