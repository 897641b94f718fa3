//! Writes a generated city.

use std::fs;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;

use serde::Serialize;
use zhida_rules::Dictionary;

use crate::columns::Row;
use crate::enterprise::World;
use crate::items::{Items, PolicyFile};
use crate::output::Output;
use crate::{City, DemoError, ENTERPRISES_MAX, shipped};

/// Grows whenever the same parameters give other bytes than before.
pub const GENERATOR_VERSION: u32 = 1;

/// Rows made and written at a time.
const CHUNK: u64 = 2_000;

/// Chunks that each thread may be ahead of the writer: memory stays within a few megabytes.
const AHEAD: usize = 2;

/// Items in a policy file at most.
pub const ITEMS_PER_FILE: u32 = 500;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// [`GENERATOR_VERSION`].
    pub generator_version: u32,
    /// The seed.
    pub seed: u64,
    /// Code of the city.
    pub division: String,
    /// The day for which the data holds.
    pub reference_date: chrono::NaiveDate,
    /// Market entities.
    pub enterprises: u64,
    /// Policy items.
    pub items: u32,
    /// The files, manifest.json left out.
    pub files: Vec<FileSummary>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// Path within the folder, with `/`.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Writes a city into a folder, which is created and must be empty: enterprises.csv (UTF-8,
/// no byte order mark) or enterprises.csv.gz, policies/*.yaml, dictionary.yaml and manifest.json.
/// `progress` is told how many of how many enterprises are written.
///
/// # Errors
/// Parameters out of range, a folder that is not empty, a file that cannot be written.
pub fn city(city: &City, out: &Path, progress: impl FnMut(u64, u64)) -> Result<Summary, DemoError> {
    check_count(city)?;
    let policies = out.join("policies");
    empty_folder(out)?;
    fs::create_dir_all(&policies).map_err(|source| write_error(&policies, source))?;
    let mut files = Vec::new();
    let name = if city.gzip {
        "enterprises.csv.gz"
    } else {
        "enterprises.csv"
    };
    files.push(file(out, name, city.gzip, |output| {
        enterprises_csv(city, output, progress)
    })?);
    for policy in policy_files(city)? {
        let name = format!("policies/{}", policy.name);
        files.push(file(out, &name, false, |output| {
            output
                .write_all(policy.text.as_bytes())
                .map_err(CsvError::Io)
        })?);
    }
    let dictionary = shipped::dictionary_yaml().as_bytes();
    files.push(file(out, "dictionary.yaml", false, |output| {
        output.write_all(dictionary).map_err(CsvError::Io)
    })?);
    let summary = Summary {
        generator_version: GENERATOR_VERSION,
        seed: city.seed,
        division: city.division.to_string(),
        reference_date: city.reference_date,
        enterprises: city.enterprises,
        items: city.items,
        files,
    };
    manifest(out, &summary)?;
    Ok(summary)
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The parameters.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The writer.
    #[error("无法写出样例企业：{0}")]
    Io(#[from] io::Error),
}

/// Writes the enterprises as CSV, in the order of their numbers whatever the number of threads.
///
/// # Errors
/// Parameters out of range, a writer that fails.
pub fn enterprises_csv(
    city: &City,
    out: &mut impl Write,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), CsvError> {
    check_count(city)?;
    let world = World::new(city, Dictionary::shipped())?;
    writeln!(out, "{}", world.layout.header())?;
    let total = city.enterprises;
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    thread::scope(|scope| -> io::Result<()> {
        let world = &world;
        let queues: Vec<_> = (0..threads)
            .map(|first| {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut row = Row::new(&world.layout);
                    let starts = (first * CHUNK..total).step_by((threads * CHUNK) as usize);
                    for start in starts {
                        let rows = start..total.min(start + CHUNK);
                        // The writer has failed and gone when nobody receives.
                        if sender.send(chunk(world, rows, &mut row)).is_err() {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        for number in 0..total.div_ceil(CHUNK) {
            let Ok(lines) = queues[(number % threads) as usize].recv() else {
                return Err(io::Error::other("生成线程意外结束"));
            };
            out.write_all(&lines)?;
            progress(total.min((number + 1) * CHUNK), total);
        }
        Ok(())
    })?;
    Ok(())
}

fn chunk(world: &World, rows: std::ops::Range<u64>, row: &mut Row<'_>) -> Vec<u8> {
    let mut lines = Vec::with_capacity(CHUNK as usize * 700);
    for index in rows {
        world.fill(index, row);
        row.write(&mut lines);
    }
    lines
}

/// The generated items as policy files, at most [`ITEMS_PER_FILE`] in each.
///
/// # Errors
/// Parameters out of range.
pub fn policy_files(city: &City) -> Result<impl Iterator<Item = PolicyFile>, DemoError> {
    let items = Items::new(city)?;
    let total = city.items;
    Ok((0..total.div_ceil(ITEMS_PER_FILE)).map(move |number| {
        let first = number * ITEMS_PER_FILE;
        items.file(number, first..total.min(first + ITEMS_PER_FILE))
    }))
}

fn check_count(city: &City) -> Result<(), DemoError> {
    let most = crate::Places::new(city)?.capacity().min(ENTERPRISES_MAX);
    if city.enterprises > most {
        let place = zhida_standards::division::full_name(city.division.as_str());
        return Err(DemoError::TooManyEnterprises {
            place: place.unwrap_or_default(),
            most,
        });
    }
    Ok(())
}

fn empty_folder(out: &Path) -> Result<(), DemoError> {
    fs::create_dir_all(out).map_err(|source| write_error(out, source))?;
    let mut entries = fs::read_dir(out).map_err(|source| write_error(out, source))?;
    match entries.next() {
        Some(_) => Err(DemoError::NotEmpty(out.to_owned())),
        None => Ok(()),
    }
}

fn file(
    folder: &Path,
    name: &str,
    gzip: bool,
    fill: impl FnOnce(&mut Output) -> Result<(), CsvError>,
) -> Result<FileSummary, DemoError> {
    let path = folder.join(name);
    let failed = |source| write_error(&path, source);
    let mut output = Output::create(&path, gzip).map_err(failed)?;
    fill(&mut output).map_err(|error| match error {
        CsvError::Demo(error) => error,
        CsvError::Io(source) => write_error(&path, source),
    })?;
    let (bytes, sha256) = output.finish().map_err(failed)?;
    Ok(FileSummary {
        name: name.to_owned(),
        bytes,
        sha256,
    })
}

fn manifest(out: &Path, summary: &Summary) -> Result<(), DemoError> {
    let path = out.join("manifest.json");
    let mut text =
        serde_json::to_string_pretty(summary).expect("a summary holds texts and numbers");
    text.push('\n');
    fs::write(&path, text).map_err(|source| write_error(&path, source))
}

fn write_error(path: &Path, source: io::Error) -> DemoError {
    DemoError::Write {
        path: path.to_owned(),
        source,
    }
}
