//! `firmware-sim`: a fleet of simulated tags, or the replay of a recorded track, over MQTT; a generated world as files.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use firmware_sim::clock::{ScaledClock, wait, wall_now_ms};
use firmware_sim::kept::Counts;
use firmware_sim::link::{Broker, Link, Until};
use firmware_sim::route::Walker;
use firmware_sim::source::{PingSource, Replay, World};
use firmware_sim::track::{self, PingPlan};
use firmware_sim::world::folder::{self, FolderPlan};
use firmware_sim::{Tag, TagConfig};
use tag_wire::{TagName, VendorName};

/// Tags in software, over MQTT, and a world for them. Ends with one line of JSON: {"pings":n,"acked":n,"rejected":n},
/// or {"files":n}.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tags that wander around a point, until stopped.
    Fleet(FleetArgs),
    /// One tag on a recorded track, until Cordon has acknowledged every ping.
    Replay(ReplayArgs),
    /// Writes a generated world with ground truth as CSV files, for `cordon evaluate --data`.
    World(WorldArgs),
}

#[derive(Args)]
struct Session {
    /// mqtt://[user[:password]@]host[:port]; {vendor} and {tag} in the user name stand for the tag's own
    #[arg(long)]
    broker: String,
    /// Password at the broker
    #[arg(long, env = "FIRMWARE_SIM_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// MQTT client id; {vendor} and {tag} stand for the tag's own
    #[arg(long, default_value = "{tag}@{vendor}")]
    client_id: String,
    /// Vendor of the tags
    #[arg(long, default_value = "sim")]
    vendor: VendorName,
    /// Seconds of virtual time between pings, 1 to 86400
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    interval: u32,
    /// How much faster than the wall clock virtual time runs
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Wall time at which virtual time agrees with it, Unix milliseconds [default: now]
    #[arg(long)]
    epoch_ms: Option<i64>,
    /// Number of this start of the tags [default: the wall clock's seconds]
    #[arg(long)]
    boot: Option<u32>,
    /// Real seconds after which a ping without an ack is sent again
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    resend_after: u32,
}

impl Session {
    fn clock(&self) -> anyhow::Result<ScaledClock> {
        ScaledClock::new(self.epoch_ms.unwrap_or_else(wall_now_ms), self.speed)
            .context("--speed must be a number from 0.001 to 10000")
    }

    fn boot(&self) -> u32 {
        self.boot.unwrap_or((wall_now_ms() / 1_000) as u32)
    }

    /// `--resend-after` in virtual seconds, which is what a tag counts in.
    fn resend_after_s(&self) -> u32 {
        (f64::from(self.resend_after) * self.speed).ceil() as u32
    }

    fn link(&self, tag: TagName) -> anyhow::Result<Link> {
        let vendor = self.vendor.clone();
        let fill = |text: &str| text.replace("{vendor}", vendor.as_str()).replace("{tag}", tag.as_str());
        let mut broker = Broker::parse(&self.broker).map_err(anyhow::Error::msg)?;
        if let Some((user, password)) = &mut broker.login {
            *user = fill(user);
            if let Some(given) = &self.password {
                password.clone_from(given);
            }
        } else if self.password.is_some() {
            bail!("a password needs a user name: --broker mqtt://user@host:port");
        }
        let client_id = fill(&self.client_id);
        if client_id.is_empty() || client_id.starts_with(' ') {
            bail!("--client-id must not be empty or begin with a space");
        }
        Ok(Link { broker, client_id, vendor, tag })
    }
}

#[derive(Args)]
struct FleetArgs {
    #[command(flatten)]
    session: Session,
    /// How many tags, named tag-1, tag-2, ...
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// Latitude and longitude to wander around, degrees; somewhere in the Atlantic unless given
    #[arg(long, default_value = "48,-30", allow_hyphen_values = true)]
    centre: String,
    /// How far from it, metres
    #[arg(long, default_value_t = 3_000.0)]
    radius_m: f64,
    /// Seed of routes and errors
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop after this many real seconds; without it, on Ctrl-C
    #[arg(long)]
    for_s: Option<u64>,
}

#[derive(Args)]
struct ReplayArgs {
    #[command(flatten)]
    session: Session,
    /// CSV file of fixes: t_s (or utc_s, utc_ms), lat, lon, and optionally accuracy_m, hdop, speed_mps,
    /// course_deg, satellites, source
    #[arg(long)]
    fixes: PathBuf,
    /// Name of the tag
    #[arg(long)]
    tag: TagName,
    /// Virtual time of the first fix, Unix milliseconds [default: now]
    #[arg(long)]
    start_ms: Option<i64>,
    /// End when the broker, not Cordon, has acknowledged every ping
    #[arg(long)]
    no_wait_ack: bool,
}

#[derive(Args)]
struct WorldArgs {
    /// Seed of the whole world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder to write to; it is made if it is not there
    #[arg(long)]
    out: PathBuf,
    /// How many days the lives at home last
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    home_days: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    let counts = match Cli::parse().command {
        Command::Fleet(args) => fleet(args).await?,
        Command::Replay(args) => replay(args).await?,
        Command::World(args) => return write_world(&args),
    };
    let Counts { pings, acked, rejected, .. } = counts;
    println!("{}", serde_json::json!({ "pings": pings, "acked": acked, "rejected": rejected }));
    Ok(())
}

async fn replay(args: ReplayArgs) -> anyhow::Result<Counts> {
    let clock = args.session.clock()?;
    let link = args.session.link(args.tag)?;
    let fixes = read_track(&args.fixes)?;
    let boot = args.session.boot();
    let start_ms = args.start_ms.unwrap_or_else(|| clock.now_ms());
    let plan = PingPlan { interval_s: args.session.interval, start_ms, boot };
    let mut source = Replay::new(track::pings(&fixes, &plan), boot, args.session.resend_after_s());
    let until = if args.no_wait_ack { Until::Published } else { Until::Acked };
    tokio::select! {
        counts = link.run(&mut source, clock, until) => return Ok(counts),
        result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C")?,
    }
    bail!("stopped before every ping was acknowledged: {:?}", source.kept().counts());
}

fn read_track(path: &Path) -> anyhow::Result<Vec<tag_wire::Fix>> {
    let mut csv = String::new();
    File::open(path)
        .and_then(|file| file.take(track::BYTES_MAX as u64 + 1).read_to_string(&mut csv))
        .with_context(|| format!("cannot read {}", path.display()))?;
    track::read(&csv).with_context(|| format!("cannot use {}", path.display()))
}

async fn fleet(args: FleetArgs) -> anyhow::Result<Counts> {
    let clock = args.session.clock()?;
    let centre = parse_centre(&args.centre)?;
    let start_ms = clock.now_ms();
    let (stop, stopped) = tokio::sync::watch::channel(());
    let mut tags = tokio::task::JoinSet::new();
    for number in 1..=args.count {
        let link = args.session.link(TagName::parse(&format!("tag-{number}"))?)?;
        let seed = args.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number));
        let walker = Walker::wander(seed, centre, args.radius_m)
            .context("--centre and --radius-m must be a place on Earth")?;
        // Tags are not started in the same instant, so they do not send in the same one.
        let offset_ms =
            i64::from(args.session.interval) * 1_000 * i64::from(number - 1) / i64::from(args.count);
        let tag = Tag::new(TagConfig {
            interval_moving_s: args.session.interval,
            interval_still_s: args.session.interval,
            resend_after_s: args.session.resend_after_s(),
            ..TagConfig::new(args.session.boot(), seed, start_ms + offset_ms)
        });
        let mut world =
            World::new(tag, move |now_ms, _: &mut Tag| walker.at((now_ms - start_ms) as f64 / 1e3));
        let mut stopped = stopped.clone();
        tags.spawn(async move {
            tokio::select! {
                counts = link.run(&mut world, clock, Until::Acked) => return counts,
                _ = stopped.changed() => {}
            }
            world.kept().counts()
        });
    }
    let end = async {
        match args.for_s {
            Some(seconds) => wait(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = end => {}
        result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C")?,
    }
    drop(stop);
    let mut total = Counts::default();
    while let Some(counts) = tags.join_next().await {
        total += counts.context("a tag's task failed")?;
    }
    Ok(total)
}

fn write_world(args: &WorldArgs) -> anyhow::Result<()> {
    let written = || format!("cannot write to {}", args.out.display());
    fs::create_dir_all(&args.out).with_context(written)?;
    let files = folder::files(&FolderPlan { seed: args.seed, home_days: args.home_days });
    for (name, text) in &files {
        fs::write(args.out.join(name), text).with_context(written)?;
    }
    println!("{}", serde_json::json!({ "files": files.len() }));
    Ok(())
}

fn parse_centre(text: &str) -> anyhow::Result<(f64, f64)> {
    let numbers = text
        .split_once(',')
        .and_then(|(lat, lon)| Some((lat.trim().parse::<f64>().ok()?, lon.trim().parse::<f64>().ok()?)));
    numbers.context("--centre is two numbers, latitude and longitude: 48,-30")
}
