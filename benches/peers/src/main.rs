//! Our engine and the peers that are Rust crates, on the workload of `cargo bench -p zhida-matcher`.
//!
//! `zhida-peers ITEMS ENTERPRISES SAMPLE FOLDER` writes what the other peers need into the folder
//! (`enterprises-0.csv`, `enterprises-1.csv`, `about.json`) and then answers one command a line with
//! one line of JSON, so that the script `run` can interleave blocks of all engines:
//!
//! | command | answer |
//! |---|---|
//! | `gate SECONDS` | waits for full speed so long at most |
//! | `p1 ENGINE COUNT` | so many enterprises against all rules; `ours` or a peer's crate name |
//! | `p2 LISTS FORM` | each rule of the sample against all enterprises; lists of `met`, or `everything`; as `planes` (a bit for each row), or `ids` read off them |
//! | `p3 LISTS` | all against all; `counts`, or `everything`: near misses and lists, too |
//! | `p4 COUNT` | so many changed facts |

mod engines;
#[path = "../../../crates/matcher/benches/matcher/gate.rs"]
mod gate;
mod languages;
mod ours;
mod row;
#[allow(dead_code)]
#[path = "../../../crates/matcher/benches/matcher/workload.rs"]
mod workload;

use std::{
    error::Error,
    io::{self, BufRead, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use workload::{Attributes, Condition, ON, Random, World, item};
use zhida_matcher::{Index, Program, sql};

use engines::Engine;
use ours::{One, Sample};

/// Enterprises drawn for the questions about one.
const ONES: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [items, enterprises, sample, folder] = &*arguments else {
        return Err("zhida-peers ITEMS ENTERPRISES SAMPLE FOLDER".into());
    };
    let (count, enterprises) = (items.parse::<usize>()?, enterprises.parse::<usize>()?);
    let folder = Path::new(folder);

    let world = World::new();
    let dictionary = Arc::new(World::dictionary());
    let attributes = Attributes::of(&dictionary);
    let conditions: Vec<Condition> = (0..count).map(|number| world.condition(number)).collect();
    let before = resident();
    let start = Instant::now();
    let items: Vec<_> = conditions
        .iter()
        .map(|condition| item(&dictionary, condition.feel()))
        .collect();
    let parsing = start.elapsed();
    eprintln!("rules from text {parsing:.1?}");
    let start = Instant::now();
    let program = Arc::new(Program::compile(&dictionary, ON.parse()?, &items));
    eprintln!("program {:.1?}: {:?}", start.elapsed(), program.report());
    let index = Index::build(&program);
    let loading = parsing + start.elapsed();
    eprintln!("and its index {:.1?}", start.elapsed());
    let build = json!({ "seconds": loading.as_secs_f64(), "megabytes": resident() - before });

    let random = &mut Random::new(3);
    let facts: Vec<_> = (0..ONES)
        .map(|_| world.enterprise(&attributes, random.below(enterprises) as u64))
        .collect();
    let one = One::new(&index, &attributes, facts);

    let random = &mut Random::new(5);
    let sample: Vec<u32> = (0..sample.parse()?)
        .map(|_| random.below(count) as u32)
        .collect();
    let start = Instant::now();
    let store = ours::store(&program, &world, &attributes, enterprises, folder)?;
    eprintln!("store and files {:.1?}", start.elapsed());
    let leaves = ours::leaves(&world);
    let rules = sample.iter().map(|number| {
        let condition = &conditions[*number as usize];
        let name = |index, _| dictionary.attribute(index).id.clone();
        let portable = sql::predicate(&dictionary, &items[*number as usize], program.on(), &name);
        json!({
            "number": number,
            "feel": condition.feel(),
            "sql": languages::sql(condition, &leaves),
            "pushed": languages::pushed(condition, &leaves),
            "portable": portable.map_err(|error| error.to_string()).ok(),
            "numpy": languages::numpy(condition, &leaves),
        })
    });
    let rules = rules.collect::<Vec<_>>();
    let about = json!({ "rules": rules, "leaves": leaves, "build": build });
    std::fs::write(folder.join("about.json"), about.to_string())?;
    let sample = Sample::new(&store, sample);

    let names = one.named(0, &leaves);
    let mut loaded: Vec<(String, Box<dyn Engine>)> = Vec::new();
    answer(&json!({ "ready": true }))?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        answer(&match &*words {
            ["gate", seconds] => {
                let (speed, full) = gate::gate(Duration::from_secs(seconds.parse()?));
                json!({ "speed": speed, "full": full })
            }
            ["p1", "ours", count] => one.ask(count.parse()?),
            ["p1", name, count] => {
                let mut building = None;
                if !loaded.iter().any(|(known, _)| known == name) {
                    let (before, start) = (resident(), Instant::now());
                    let engine = engines::load(name, &conditions, &names);
                    let seconds = start.elapsed().as_secs_f64();
                    let megabytes = resident() - before;
                    building = Some(json!({ "seconds": seconds, "megabytes": megabytes }));
                    loaded.push((name.to_string(), engine));
                }
                let engine = loaded.iter().find(|(known, _)| known == name);
                let (_, engine) = engine.expect("it was loaded above");
                let mut found = one.compare(engine.as_ref(), count.parse()?, &leaves);
                found["build"] = json!(building);
                found
            }
            ["p2", lists, form] => sample.ask(&store, *lists == "everything", *form == "ids"),
            ["p3", lists] => ours::all(&store, *lists == "everything"),
            ["p4", count] => one.change(count.parse()?),
            _ => return Err(format!("no command {line}").into()),
        })?;
    }
    Ok(())
}

/// Megabytes of memory that this process holds; it may have given back some.
fn resident() -> i64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split_whitespace().nth(1);
    pages.and_then(|pages| pages.parse().ok()).unwrap_or(0_i64) * 4 / 1024
}

fn answer(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
