//! The same questions with each set of instructions that this machine has.

use std::hint::black_box;

use zhida_matcher::{Answer, Codes, Desk, Index, Instructions, Options, Store, Want};

use crate::{
    item,
    measure::{calm, mean, once, timed},
};

/// One line for each.
pub fn table(index: &Index, rows: &[Codes], store: &Store) {
    let items = item::sample(store.program());
    for instructions in Instructions::available() {
        calm(&format!("{instructions:?} instructions"));
        let mut answer = Answer::default();
        let mut desk = Desk::default();
        desk.instructions = instructions;
        let mut one = timed(rows, |codes| {
            index.answer(codes, false, &mut desk, &mut answer)
        });
        one.sort_unstable();
        let all = timed(&items, |item| {
            let found = store.one_item_with(*item, Want::EVERYTHING, instructions);
            black_box(found.expect("the item exists"));
        });
        let pairs = [false, true].map(|near| {
            let options = Options {
                near,
                instructions,
                ..Options::default()
            };
            let (counts, time) = once(|| store.all_items(options, None, None));
            counts.expect("the memory suffices");
            time
        });
        println!(
            "   P1 median {:.1?}, P2 mean {:.3?}, P3 counts {:.3?}, with near misses {:.3?}",
            one[one.len() / 2],
            mean(&all),
            pairs[0],
            pairs[1],
        );
    }
}
