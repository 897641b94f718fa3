//! The same questions with each set of instructions that this machine has.

use zhida_matcher::{Answer, Codes, Desk, Index, Instructions, Options, Store};

use crate::{
    item,
    measure::{calm, once, percentiles, spread, timed},
    workload::World,
};

/// How often each question about all items is asked again after its first time.
const WARM: usize = 3;

/// A block for each.
pub fn table(index: &Index, rows: &[Codes], store: &Store, world: &World) {
    for instructions in Instructions::available() {
        calm(&format!("{instructions:?} instructions"));
        let mut answer = Answer::default();
        let mut desk = Desk::default();
        desk.instructions = instructions;
        let one = timed(rows, |codes| {
            index.answer(codes, false, &mut desk, &mut answer)
        });
        println!("   P1: {}", percentiles(one));
        item::lists(store, world, instructions);
        for (what, near) in [("counts", false), ("counts and near misses", true)] {
            let options = Options {
                near,
                instructions,
                ..Options::default()
            };
            asked(what, || drop(store.all_items(options, None, None)));
        }
        let options = Options {
            memory: (store.len() << 9).max(256 << 20),
            instructions,
            ..Options::default()
        };
        asked("compressed lists and near misses", || {
            drop(store.match_lists(options, None));
        });
    }
}

fn asked(what: &str, ask: impl Fn()) {
    let ((), first) = once(&ask);
    let again = timed(&[(); WARM], |()| ask());
    println!("   P3, {what}: first {first:.3?}, {}", spread(again));
}
