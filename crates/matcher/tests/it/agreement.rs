//! Interpreter = codes and programs = every way of asking.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use zhida_matcher::{
    Counts, Finding, Instructions, MatcherError, Options, Program, Store, TableBuilder, Want,
};
use zhida_rules::Truth;

use crate::{
    boundary,
    tools::{Case, noise},
};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1_000..4_000)
}

/// Ids that are neither dense nor ascending.
fn id(row: usize) -> u64 {
    (row as u64 * 7_919) % 100_003 + 5
}

fn store(program: &Arc<Program>, case: &Case, rows: usize) -> Store {
    let builder = || TableBuilder::new(&case.dictionary);
    let mut builders = [builder(), builder()];
    for row in 0..rows {
        let facts = &case.enterprises[row % case.enterprises.len()];
        builders[row % 2].push(id(row), facts).unwrap();
    }
    let [mut first, second] = builders;
    first.join(second);
    Store::encode(program, first.finish().unwrap())
}

/// Findings by id as the interpreter gives them.
fn expected(case: &Case, item: usize, rows: usize) -> BTreeMap<u64, Finding> {
    let truths: Vec<Finding> = case
        .enterprises
        .iter()
        .map(|facts| case.truth(item, facts))
        .collect();
    (0..rows)
        .map(|row| (id(row), truths[row % truths.len()]))
        .collect()
}

fn counts(findings: &BTreeMap<u64, Finding>) -> Counts {
    let count = |verdict: Truth, near: bool| {
        let fits = |f: &&Finding| f.verdict == verdict && (!near || f.is_near_miss());
        findings.values().filter(fits).count() as u64
    };
    Counts {
        met: count(Truth::True, false),
        unknown: count(Truth::Unknown, false),
        near_unmet: count(Truth::False, true),
        near_unknown: count(Truth::Unknown, true),
    }
}

fn ids(findings: &BTreeMap<u64, Finding>, fits: impl Fn(&Finding) -> bool) -> Vec<u64> {
    let fitting = findings.iter().filter(|(_, finding)| fits(finding));
    fitting.map(|(id, _)| *id).collect()
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids
}

fn all_ways_agree(case: &Case, rows: usize) {
    let program = case.program();
    let store = store(&program, case, rows);
    let visited: Mutex<BTreeMap<u32, [Vec<u64>; 3]>> = Mutex::default();
    let totals = store
        .all_items(
            Options::default(),
            None,
            Some(&|block| {
                let mut visited = visited.lock().unwrap();
                let lists = visited.entry(block.item).or_default();
                lists[0].extend(block.met());
                lists[1].extend(block.unknown());
                lists[2].extend(block.near().map(|(id, _)| id));
            }),
        )
        .unwrap();
    for instructions in Instructions::available() {
        let plain = Options {
            near: false,
            threads: Some(1),
            instructions,
            ..Options::default()
        };
        let plain = store.all_items(plain, None, None).unwrap();
        for (plain, counts) in plain.iter().zip(&totals) {
            assert_eq!((plain.met, plain.unknown), (counts.met, counts.unknown));
        }
        let options = Options {
            instructions,
            ..Options::default()
        };
        assert_eq!(store.all_items(options, None, None).unwrap(), totals);
    }
    let mut visited = visited.into_inner().unwrap();
    let compressed = store.match_lists(Options::default(), None).unwrap();
    assert_eq!(compressed.counts(), totals);
    for (item, totals) in totals.iter().enumerate() {
        let expected = expected(case, item, rows);
        let text = &case.texts[item];
        let lists = [
            ids(&expected, |f| f.verdict == Truth::True),
            ids(&expected, |f| f.verdict == Truth::Unknown),
            ids(&expected, |f| f.is_near_miss()),
        ];
        let one = store.one_item(item as u32, Want::EVERYTHING).unwrap();
        assert_eq!(one.counts, counts(&expected), "one item: {text}");
        assert_eq!(sorted(one.met().collect()), lists[0], "{text}");
        assert_eq!(
            sorted(compressed.met(item as u32).collect()),
            lists[0],
            "{text}"
        );
        assert_eq!(sorted(one.unknown().collect()), lists[1], "{text}");
        for (id, verdict) in one.near() {
            assert_eq!(verdict, expected[&id].verdict, "{text}");
        }
        let near = one.near().map(|(id, _)| id).collect();
        assert_eq!(sorted(near), lists[2], "{text}");
        let said = expected
            .iter()
            .map(|(id, f)| (*id, (f.verdict, f.is_near_miss())));
        let listed = said.filter(|(_, (verdict, near))| *verdict != Truth::False || *near);
        let named = one
            .named()
            .map(|named| (named.id, (named.verdict, named.near)));
        assert_eq!(
            named.collect::<BTreeMap<_, _>>(),
            listed.collect(),
            "{text}"
        );
        let everybody: HashSet<_> = lists.concat().into_iter().collect();
        assert_eq!(one.named().count(), everybody.len(), "nobody twice: {text}");
        // what is not wanted is not named
        let want = Want {
            unknown: true,
            ..Want::default()
        };
        let one = store.one_item(item as u32, want).unwrap();
        assert_eq!(one.counts, *totals);
        assert_eq!((one.met().count(), one.near().count()), (0, 0), "{text}");
        assert_eq!(sorted(one.unknown().collect()), lists[1], "{text}");
        let named = one.named().map(|named| named.id);
        assert_eq!(sorted(named.collect()), lists[1], "{text}");

        assert_eq!(*totals, counts(&expected), "all items: {text}");
        let visited = visited.remove(&(item as u32)).unwrap_or_default();
        assert_eq!(visited.map(sorted), lists, "{text}");
    }
    for row in 0..rows.min(20) {
        let codes = program.encode(&case.enterprises[row % case.enterprises.len()]);
        assert_eq!(store.codes(id(row)), Some(codes));
        let stored = store.table().facts(id(row)).unwrap();
        let expected = &case.enterprises[row % case.enterprises.len()];
        assert!(
            stored
                .iter()
                .map(|(key, fact)| (key, &fact.value))
                .eq(expected.iter().map(|(key, fact)| (key, &fact.value)))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn one_item_and_one_enterprise(bytes in bytes()) {
        let case = Case::draw(&bytes, 6, 8);
        let program = case.program();
        for facts in &case.enterprises {
            let codes = program.encode(facts);
            for item in 0..case.items.len() {
                prop_assert_eq!(
                    program.finding(item as u32, &codes),
                    case.truth(item, facts),
                    "{}\n{:?}", case.texts[item], facts
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn items_against_enterprises(bytes in bytes(), rows in 1_usize..90) {
        all_ways_agree(&Case::draw(&bytes, 6, 30), rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn several_tiles_of_one_county(bytes in bytes()) {
        all_ways_agree(&Case::draw(&bytes, 5, 40), 41_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn below_at_and_above_every_threshold(bytes in bytes()) {
        let (case, _) = Case::draw(&bytes, 6, 12).at_thresholds();
        all_ways_agree(&case, case.enterprises.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Few items that all name a place: of the tiles elsewhere only the place is encoded.
    #[test]
    fn items_of_few_places(bytes in bytes(), rows in 1_usize..90) {
        let case = Case::draw(&bytes, 4, 30);
        all_ways_agree(&case.of_places(&["330106", "330282"]), rows);
    }
}

/// The random cases are worth something: every verdict occurs with every distance it can have.
#[test]
fn random_cases_are_varied() {
    let mut seen: BTreeMap<(Truth, u8), usize> = BTreeMap::new();
    let mut interpreted_conditions = 0;
    for seed in 0..60 {
        let case = Case::draw(&noise(seed, 4_000), 8, 20);
        let program = case.program();
        interpreted_conditions += program.report().computed;
        for facts in &case.enterprises {
            for item in 0..case.items.len() {
                let finding = case.truth(item, facts);
                *seen.entry((finding.verdict, finding.distance)).or_default() += 1;
            }
        }
    }
    for finding in [
        (Truth::True, 0),
        (Truth::True, 1),
        (Truth::Unknown, 0),
        (Truth::Unknown, 1),
        (Truth::Unknown, 2),
        (Truth::False, 1),
        (Truth::False, 2),
    ] {
        assert!(
            seen.get(&finding).is_some_and(|n| *n > 20),
            "{finding:?} in {seen:?}"
        );
    }
    assert!(interpreted_conditions > 100, "{interpreted_conditions}");
}

/// Series, ratios, codes, sets and days are classes of a column; what compares two facts is computed
/// row by row, and counted.
#[test]
fn what_has_a_column_form() {
    let case = Case::draw(&noise(1, 4_000), 1, 1);
    let computed = |rule: &str| {
        let program = Program::compile(&case.dictionary, case.on, [&case.item(rule)]);
        assert!(program.report().interpreted.is_empty());
        program.report().computed
    };
    for rule in [
        "上年.数0 >= 5 and 前年.数0 < 100 and 某年(数1, 2024) in [1..5)",
        "上年.率0 >= 0.05",
        "上年.数0 / 上年.数1 > 0.05",
        "前年.率1 >= 0.1",
        "数2 + 数3 <= 100",
        "地0 in (\"330100\", \"441900003\")",
        "业0 in (\"C\", \"I65\")",
        "包含任一(集0, \"一期\", \"二期\")",
        "包含全部(集0, \"一期\", \"二期\")",
        "日0 <= date(\"2023-11-22\")",
        "满月数(日0, 基准日) >= 12",
        "选0 in (\"小型\", \"微型\")",
        "文0 != \"甲\"",
        "是0 and not(是1)",
        "已知(数2)",
        "if 是0 then 数2 > 5 else 数2 > 100",
    ] {
        assert_eq!(computed(rule), 0, "{rule}");
    }
    for rule in ["数2 > 数3", "日0 < 日1", "选0 = 派选", "是0 = 是1"] {
        assert_eq!(computed(rule), 1, "{rule}");
    }
}

/// What comes directly below and above a threshold is worth something: rules tell it apart.
#[test]
fn thresholds_are_told_apart() {
    let (mut threes, mut told) = (0, 0);
    for seed in 0..12 {
        let (case, some) = Case::draw(&noise(seed, 4_000), 6, 12).at_thresholds();
        threes += case.enterprises.len() / 3;
        told += some;
    }
    assert!(told > 150, "{told} of {threes}");
    // and each comparison at its own threshold
    let mut case = Case::draw(&noise(1, 4_000), 1, 0);
    for (comparison, expected) in [
        ("=", [Truth::False, Truth::True, Truth::False]),
        ("!=", [Truth::True, Truth::False, Truth::True]),
        ("<", [Truth::True, Truth::False, Truth::False]),
        ("<=", [Truth::True, Truth::True, Truth::False]),
        (">", [Truth::False, Truth::False, Truth::True]),
        (">=", [Truth::False, Truth::True, Truth::True]),
    ] {
        for (quantity, bound) in [
            ("数2", "0.25"),
            ("上年.数0 / 上年.数1", "0.25"),
            // counted downwards: of a later day fewer days have passed
            ("0 - 天数(日0, 基准日)", "-400"),
        ] {
            case.items = vec![case.item(&format!("{quantity} {comparison} {bound}"))];
            let triples = boundary::triples(&case.dictionary, case.on, &case.items, &[]);
            let mut truths = triples.iter().map(|triple| {
                let truth = |facts| case.truth(0, facts).verdict;
                triple.each_ref().map(truth)
            });
            let found = truths.any(|truths| truths == expected);
            assert!(found, "{quantity} {comparison} {bound}");
        }
    }
}

/// Each single condition, asked alone, says what the reasons say.
#[test]
fn reasons_are_the_single_conditions() {
    let parts = [
        "数2 >= 5",
        "not(是0)",
        "选0 in (\"小型\", \"微型\")",
        "地0 in (\"330106\")",
    ];
    let mut seen = BTreeMap::new();
    for seed in 0..20 {
        let mut case = Case::draw(&noise(seed, 4_000), 1, 30);
        let texts = parts.iter().map(|part| (*part).to_owned());
        let all = std::iter::once(parts.join(" and "));
        case.items = all.chain(texts).map(|text| case.item(&text)).collect();
        let program = case.program();
        let mut reasons = Vec::new();
        for facts in &case.enterprises {
            reasons.clear();
            program.reasons(0, &program.encode(facts), &mut reasons);
            assert_eq!(reasons.len(), parts.len());
            for reason in &reasons {
                let alone = case.truth(1 + reason.condition as usize, facts).verdict;
                assert_eq!(reason.truth, alone);
                *seen.entry((reason.condition, reason.truth)).or_insert(0) += 1;
            }
        }
    }
    assert!(seen.len() >= 11, "{seen:?}");
}

#[test]
fn refusals_say_what_is_wrong() {
    let case = Case::draw(&noise(1, 4_000), 3, 3);
    let program = case.program();
    let store = store(&program, &case, 3);
    let error = store.one_item(3, Want::default()).unwrap_err();
    assert_eq!(error, MatcherError::NoSuchItem { item: 3, items: 3 });
    let tiny = Options {
        memory: 10,
        ..Options::default()
    };
    assert!(matches!(
        store.all_items(tiny, None, None),
        Err(MatcherError::Memory { given: 10, .. })
    ));
    let mut twice = TableBuilder::new(&case.dictionary);
    twice.push(7, &case.enterprises[0]).unwrap();
    twice.push(7, &case.enterprises[1]).unwrap();
    assert_eq!(
        twice.finish().err(),
        Some(MatcherError::DuplicateEnterprise(7))
    );
    let nobody = TableBuilder::new(&case.dictionary).finish().unwrap();
    let nobody = Store::encode(&program, nobody);
    let counts = nobody.all_items(Options::default(), None, None).unwrap();
    assert_eq!(counts, vec![Counts::default(); 3]);
}
