//! The `cordon` command: parse and hand over.

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use cordon::{
    app,
    cli::{
        AccountCommand, AuditCommand, BackupCommand, Cli, Command, ConfigCommand, MapCommand, MigrateCommand,
        PolicyCommand, RulebookCommand, SubjectCommand,
    },
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cordon::crash::arm();
    log(cli.log_json, &cli.command);
    log_crashes_by_place();
    app::install_tls();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match command {
        Command::Demo(args) => runtime.block_on(app::demo(args)),
        Command::Serve(args) => runtime.block_on(app::serve(args)),
        Command::Init(args) => runtime.block_on(app::init(args)),
        Command::Account(AccountCommand::Link(args)) => runtime.block_on(app::account_link(args)),
        Command::Account(AccountCommand::Token(args)) => runtime.block_on(app::account_token(args)),
        Command::Audit(AuditCommand::Verify(args)) => runtime.block_on(app::verify_audit(args)),
        Command::Subject(SubjectCommand::Export(args)) => runtime.block_on(app::export_subject(args)),
        Command::Subject(SubjectCommand::Hold(args)) => runtime.block_on(app::hold_subject(args)),
        Command::Subject(SubjectCommand::Lift(args)) => runtime.block_on(app::lift_hold(args)),
        Command::Subject(SubjectCommand::Holds(args)) => runtime.block_on(app::list_holds(args)),
        Command::Subject(SubjectCommand::Erase(args)) => runtime.block_on(app::erase_subject(args)),
        Command::Simulate(args) => app::simulate(&args),
        Command::PushKey { file } => app::push_key(&file),
        Command::Watch(args) => runtime.block_on(app::watch(args)),
        Command::Phones(args) => runtime.block_on(app::phones(args)),
        Command::Replay(args) => runtime.block_on(app::replay(args)),
        Command::Rehearse(args) => runtime.block_on(app::rehearse(args)),
        Command::Evaluate(args) => app::evaluate(&args),
        Command::Rulebook(RulebookCommand::Load(args)) => runtime.block_on(app::load_rulebook(args)),
        Command::Rulebook(RulebookCommand::Check(args)) => app::check_rulebook(args),
        Command::Policy(PolicyCommand::Check(args)) => runtime.block_on(app::check_policies(args)),
        Command::Migrate(MigrateCommand::Plan(args)) => runtime.block_on(app::migrate_plan(args)),
        Command::Migrate(MigrateCommand::Up(args)) => runtime.block_on(app::migrate_up(args)),
        Command::Migrate(MigrateCommand::Status(args)) => runtime.block_on(app::migrate_status(args)),
        Command::Backup(BackupCommand::Key { file }) => app::backup_key(&file),
        Command::Backup(BackupCommand::Create(args)) => runtime.block_on(app::create_backup(args)),
        Command::Backup(BackupCommand::Verify(args)) => runtime.block_on(app::verify_backup(args)),
        Command::Backup(BackupCommand::Restore(args)) => runtime.block_on(app::restore_backup(args)),
        Command::Backup(BackupCommand::Drill(args)) => runtime.block_on(app::drill_backup(args)),
        Command::Map(MapCommand::Import(args)) => app::import_map(&args),
        Command::Config(ConfigCommand::Check { file }) => app::check_config(&file),
        Command::Config(ConfigCommand::Template) => app::print_template(),
    }
}

/// What a crash says may hold what the code was looking at, such as a name or a position; its place in the code never
/// does.
fn log_crashes_by_place() {
    std::panic::set_hook(Box::new(|crash| {
        let place = crash.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a part crashed");
    }));
}

/// Log lines go to standard error, so that a command's own output can be piped. A simulated service says nothing of what
/// goes wrong with it unless it is asked to.
fn log(json: bool, command: &Command) {
    let usual = if matches!(command, Command::Simulate(_)) { "off" } else { "warn,cordon=info" };
    let filter = EnvFilter::try_from_env("CORDON_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if json {
        lines.json().init();
    } else {
        lines.init();
    }
}
