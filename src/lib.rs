//! Cordon: warns a person before the one they must be kept safe from is near.
//!
//! One line of work, one writer, one transaction, one outbox, around a pure engine that is told what happened and
//! when. Imports point down the floors only; neighbours on a floor meet through a port (`tests/tidy` checks both).
//!
//! | floor | module | what it does |
//! |---|---|---|
//! | 0 | `crash` | named places at which a test may kill the process; nothing in a release |
//! | 0 | `database` | what SQLite and PostgreSQL are asked alike, whatever they hold: schemas, whole tables |
//! | 0 | `document` | reads TOML and JSON that people write, and names their mistakes |
//! | 0 | `geometry` | metres on the ellipsoid, circles, polygons, paths, the index; numbers only |
//! | 0 | `sealed` | files that only whoever has the key can read |
//! | 0 | `secret` | secrets: read once, never shown |
//! | 1 | `domain` | the words of the field, parsed so that a wrong one cannot exist |
//! | 2 | `engine` | decides what an input means; no clock, no random numbers, ordered maps only |
//! | 3 | `access` | who may come in, what they may do, and what they did: accounts and the audit log |
//! | 3 | `basemap` | the region below the console's map: a PMTiles file, judged, copied and read in ranges |
//! | 3 | `clock` | port: the one file that asks what time it is |
//! | 3 | `config` | what an operator decides: one file, environment overrides |
//! | 3 | `course` | the engine alone on virtual time |
//! | 3 | `notify` | port: one provider carries alerts on one channel; behind it the channels |
//! | 3 | `retry` | when an alert is tried again |
//! | 3 | `store` | port: what must be written down and read back; behind it memory, SQLite, PostgreSQL |
//! | 3 | `vitals` | port: how Cordon's own parts are, as each says in passing |
//! | 4 | `ingest` | MQTT in: sources, topics, what may be acknowledged |
//! | 4 | `simulate` | whole days of everything under a seed |
//! | 4 | `sequencer` | number, stamp, decide, apply, commit, then acknowledge |
//! | 4 | `dispatch` | claim, send one alert on one channel, hand the outcome in |
//! | 4 | `backup` | both databases in one encrypted file, and back |
//! | 4 | `canary` | a synthetic tag that walks through everything, once a minute, and says whether it came through |
//! | 4 | `heartbeat` | calls an outside monitor while all is well |
//! | 4 | `console` | pages, live feed, sign-in; reads the store, writes only inputs |
//! | 4 | `machine` | what this machine has left |
//! | 4 | `lab` | the engine outside of live service: replay, an incident explained, a span played back, evaluation, rehearsal, policies checked |
//! | 4 | `sandbox` | the outside world in small: embedded broker, phones, the demo's town and script |
//! | 4 | `subject` | one person's data, handed out to them, and erased |
//! | 4 | `watchdog` | watches a Cordon from another machine, and pages people |
//! | 4 | `rulebook_file` | units, wearers, persons and cases, as people write them |
//! | 5 | `cli` | what can be asked of `cordon` |
//! | 6 | `app` | the only place that builds and joins everything |

pub mod document;
pub mod sealed;
pub mod secret;

pub use cordon_core::{domain, engine, geometry};
pub use cordon_line::{clock, course, crash, database, retry, sequencer, simulate, store, vitals};

pub mod access;
pub mod basemap;
pub mod config;
pub mod notify;

pub mod backup;
pub mod canary;
pub mod console;
pub mod dispatch;
pub mod heartbeat;
pub mod ingest;
pub mod machine;
pub mod rulebook_file;
pub mod subject;
pub mod watchdog;

pub mod lab;
pub mod sandbox;

pub mod app;
pub mod cli;
