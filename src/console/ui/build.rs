//! Builds the console's scripts: npm installs what the lockfile names, tsc judges the types, esbuild bundles.
//!
//! All of it happens in cargo's own folder. A machine without Node builds a console without live scripts: its pages
//! work, load themselves again, and say so. `CORDON_SCRIPTS=required` makes that an error, for whoever releases;
//! `CORDON_SCRIPTS=off` asks for it, for whoever has Node but no network.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the sources are, below the repository.
const SOURCES: &str = "src/console/ui";
/// What npm and the compilers read. Only a change of these, or of a script, runs them again.
const FILES: [&str; 5] = ["package.json", "package-lock.json", ".npmrc", "tsconfig.json", LICENCES];
const LICENCES: &str = "licences.mjs";
const SCRIPTS: &str = "script";
/// The scripts that pages load; the others are parts of these.
const PAGES: [&str; 2] = ["live", "sign-in"];
/// The script that a page loads when the moving map is wanted, what MapLibre runs beside it, and outlines of countries.
const MAP: &str = "map";
const MAP_WORKER: &str = "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs";
const OUTLINE: &str = "node_modules/world-atlas/countries-50m.json";
const SETTING: &str = "CORDON_SCRIPTS";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    for watched in FILES.iter().chain(&[SCRIPTS, "build.rs"]) {
        println!("cargo:rerun-if-changed={SOURCES}/{watched}");
    }
    println!("cargo:rerun-if-env-changed={SETTING}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let bundled = match env::var(SETTING).as_deref() {
        Ok("off") => None,
        setting => bundle(&out, setting == Ok("required"))?,
    };
    if bundled.is_none() {
        println!(
            "cargo:warning=the console is built without live scripts: its pages reload, make no sound and take no keys"
        );
    }
    Ok(fs::write(out.join("scripts.rs"), table(&bundled.unwrap_or_default()))?)
}

/// What was made, as names in the bundles' folder.
#[derive(Default)]
struct Bundled {
    scripts: Vec<String>,
    /// Those whose name says what they hold.
    kept: Vec<String>,
}

/// The bundles; `None` on a machine without Node.
fn bundle(out: &Path, is_required: bool) -> Result<Option<Bundled>, Failure> {
    if !(is_there("node") && is_there("npm")) {
        if is_required {
            return Err(format!("{SETTING}=required, but node and npm are not installed").into());
        }
        println!(
            "cargo:warning=node and npm are missing: install them (18 or later), then `touch {SOURCES}/build.rs`"
        );
        return Ok(None);
    }
    let work = out.join("ui");
    copy(&work)?;
    install(&work)?;
    run(&work, "node_modules/.bin/tsc", &["--project", "."])?;
    let bundles = work.join("bundles");
    if bundles.exists() {
        fs::remove_dir_all(&bundles)?;
    }
    let entries = PAGES.map(|name| format!("{SCRIPTS}/{name}.ts"));
    esbuild(&work, &entries.each_ref().map(String::as_str), "iife")?;
    esbuild(&work, &[&format!("{SCRIPTS}/{MAP}.ts")], "esm")?;
    fs::write(work.join("licences.txt"), run(&work, "node", &[LICENCES])?)?;
    let kept = [
        (bundles.join("map.js"), "map.js"),
        (work.join(MAP_WORKER), "map-worker.js"),
        (work.join(OUTLINE), "outline.json"),
        (work.join("licences.txt"), "licences.txt"),
    ];
    let kept = kept.map(|(from, name)| keep(&bundles, &from, name)).into_iter().collect::<io::Result<_>>()?;
    Ok(Some(Bundled { scripts: PAGES.map(|name| format!("{name}.js")).into(), kept }))
}

fn esbuild(work: &Path, entries: &[&str], format: &str) -> Result<(), Failure> {
    let format = format!("--format={format}");
    let options = ["--bundle", "--minify", &format, "--target=es2022", "--charset=utf8", "--outdir=bundles"];
    run(work, "node_modules/.bin/esbuild", &[entries, &options, &["--log-level=warning"]].concat())?;
    Ok(())
}

/// Puts a file among the bundles under a name that changes with what it holds; browsers may then keep it.
fn keep(bundles: &Path, from: &Path, name: &str) -> io::Result<String> {
    let bytes = fs::read(from)?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let name = format!("{stem}.{:016x}.{ending}", hasher.finish());
    fs::write(bundles.join(&name), bytes)?;
    Ok(name)
}

/// The sources as they are now, and no older ones.
fn copy(work: &Path) -> io::Result<()> {
    let from = Path::new(SOURCES);
    let scripts = work.join(SCRIPTS);
    if scripts.exists() {
        fs::remove_dir_all(&scripts)?;
    }
    fs::create_dir_all(&scripts)?;
    for name in FILES {
        fs::copy(from.join(name), work.join(name))?;
    }
    for entry in fs::read_dir(from.join(SCRIPTS))? {
        let entry = entry?;
        fs::copy(entry.path(), scripts.join(entry.file_name()))?;
    }
    Ok(())
}

/// What the lockfile names, once for each lockfile.
fn install(work: &Path) -> Result<(), Failure> {
    let stamp = work.join("node_modules/.installed");
    let wanted = fs::read(work.join("package-lock.json"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(work, "npm", &["ci", "--prefer-offline"]).map_err(|error| {
        format!("{error}\nWithout a network, {SETTING}=off builds the console without live scripts.")
    })?;
    Ok(fs::write(stamp, wanted)?)
}

/// What a program says, if it succeeds.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let done = Command::new(&program).args(arguments).current_dir(folder).output()?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = [done.stdout, done.stderr].concat();
    Err(format!("{} failed:\n{}", program.display(), String::from_utf8_lossy(&said)).into())
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|done| done.status.success())
}

/// What `assets.rs` embeds.
fn table(bundled: &Bundled) -> String {
    let row = |name: &String| {
        format!("    ({name:?}, include_str!(concat!(env!(\"OUT_DIR\"), \"/ui/bundles/{name}\"))),\n")
    };
    let rows = |names: &[String]| names.iter().map(row).collect::<String>();
    format!(
        "/// The scripts that pages load, by name; none where the machine that built this had no Node.\nconst SCRIPTS: &[(&str, &str)] = &[\n{}];\n\
         /// The same of what the moving map loads; browsers may keep it.\nconst KEPT: &[(&str, &str)] = &[\n{}];\n",
        rows(&bundled.scripts),
        rows(&bundled.kept)
    )
}
