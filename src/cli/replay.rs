//! `cordon replay`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigFile, reason};

/// `cordon replay`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Replay {
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Explain this incident: what happened, why it was concluded, who was told, and what proves it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub incident: Option<i64>,
    /// Write the explanation as one HTML file, for officers, lawyers and courts
    #[arg(long, value_name = "FILE.html", requires = "incident")]
    pub html: Option<PathBuf>,
    /// Include what people wrote in their own words. Read it before you hand it on: it may hold a name or an address
    #[arg(long, requires = "incident")]
    pub own_words: bool,
    /// Why, for the audit log; no name and no address
    #[arg(long, value_parser = reason, requires = "incident", default_value = "a person at this machine")]
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use clap::{Parser as _, error::ErrorKind};

    use super::super::{Cli, Command};
    use super::*;

    fn parse(line: &str) -> Result<Replay, ErrorKind> {
        match Cli::try_parse_from(line.split_whitespace()) {
            Ok(Cli { command: Command::Replay(replay), .. }) => Ok(replay),
            Ok(_) => panic!("a replay"),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn a_page_is_about_an_incident() {
        let replay = parse("cordon replay --config c --incident 7 --html f.html").unwrap();
        assert_eq!((replay.incident, replay.html, replay.own_words), (Some(7), Some("f.html".into()), false));
        for (line, kind) in [
            ("cordon replay --config c --html f.html", ErrorKind::MissingRequiredArgument),
            ("cordon replay --config c --own-words", ErrorKind::MissingRequiredArgument),
            ("cordon replay --config c --incident 0", ErrorKind::ValueValidation),
            ("cordon replay --config c --incident ROSE", ErrorKind::ValueValidation),
        ] {
            assert_eq!(parse(line), Err(kind), "{line}");
        }
    }
}
