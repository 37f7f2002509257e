//! `cordon subject ...`: one person's data.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigFile, reason};
use crate::domain::DataSubject;

/// `cordon subject ...`.
#[derive(Debug, Subcommand)]
pub enum SubjectCommand {
    /// Write all that is held about one person, and nobody else, as one JSON document
    Export(SubjectExport),
    /// Place a legal hold: while it stands, nothing of theirs is erased
    Hold(SubjectHold),
    /// Lift a legal hold
    Lift(SubjectLift),
    /// List their legal holds
    Holds(SubjectHolds),
    /// Erase all that is held about one person, for good
    Erase(SubjectErase),
}

/// `cordon subject export`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SubjectExport {
    /// Whose: wearer:ID or person:ID
    #[arg(value_name = "SUBJECT")]
    pub subject: DataSubject,
    /// A new file, which only this account may read
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,
    /// Why, for the audit log; no name and no address
    #[arg(long, value_parser = reason, default_value = "the person asked for their data")]
    pub reason: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon subject hold`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SubjectHold {
    /// Whose: wearer:ID or person:ID
    #[arg(value_name = "SUBJECT")]
    pub subject: DataSubject,
    /// Why: the proceedings, or the order
    #[arg(long, value_parser = reason)]
    pub reason: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon subject lift`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SubjectLift {
    /// Whose: wearer:ID or person:ID
    #[arg(value_name = "SUBJECT")]
    pub subject: DataSubject,
    /// Which of them, by its number
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    pub hold: i64,
    /// Why
    #[arg(long, value_parser = reason)]
    pub reason: String,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon subject holds`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SubjectHolds {
    /// Whose: wearer:ID or person:ID
    #[arg(value_name = "SUBJECT")]
    pub subject: DataSubject,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `cordon subject erase`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SubjectErase {
    /// Whose: wearer:ID or person:ID
    #[arg(value_name = "SUBJECT")]
    pub subject: DataSubject,
    /// Why, for the list of erasures, which is kept; no name and no address
    #[arg(long, value_parser = reason, required_unless_present = "plan")]
    pub reason: Option<String>,
    /// Say what would go and what is to be done first, and change nothing
    #[arg(long, conflicts_with = "reason")]
    pub plan: bool,
    /// Which installation.
    #[command(flatten)]
    pub config: ConfigFile,
}

#[cfg(test)]
mod tests {
    use clap::{Parser as _, error::ErrorKind};

    use super::super::{Cli, Command};
    use super::*;

    fn parse(line: &str) -> Result<SubjectCommand, ErrorKind> {
        let words = ["cordon", "subject"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words.chain(["--config", "c"])) {
            Ok(Cli { command: Command::Subject(command), .. }) => Ok(command),
            Ok(_) => panic!("a subject"),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn whose_data_it_is_and_why_is_said() {
        let Ok(SubjectCommand::Export(export)) = parse("export wearer:w-1 --out w-1.json") else {
            panic!("an export")
        };
        assert_eq!((export.subject.to_string().as_str(), export.out), ("wearer:w-1", "w-1.json".into()));
        assert!(matches!(parse("hold person:p-1 --reason Trial"), Ok(SubjectCommand::Hold(_))));
        assert!(matches!(parse("erase person:p-1 --plan"), Ok(SubjectCommand::Erase(it)) if it.plan));
        for (line, kind) in [
            ("export w-1 --out f", ErrorKind::ValueValidation),
            ("export staff:amy --out f", ErrorKind::ValueValidation),
            ("export wearer:w-1", ErrorKind::MissingRequiredArgument),
            ("hold wearer:w-1", ErrorKind::MissingRequiredArgument),
            ("lift wearer:w-1 --reason x", ErrorKind::MissingRequiredArgument),
            ("lift wearer:w-1 --hold 0 --reason x", ErrorKind::ValueValidation),
            ("erase wearer:w-1", ErrorKind::MissingRequiredArgument),
            ("erase wearer:w-1 --plan --reason x", ErrorKind::ArgumentConflict),
        ] {
            assert_eq!(parse(line).map(drop), Err(kind), "{line}");
        }
        let long = format!("hold wearer:w-1 --reason {}", "x".repeat(501));
        assert_eq!(parse(&long).map(drop), Err(ErrorKind::ValueValidation));
    }
}
