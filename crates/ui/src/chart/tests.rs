use proptest::prelude::*;

use super::*;

fn caption() -> Caption {
    Caption::new("按行业", "制造业最多", "行业", "企业数（家）")
}

/// All attributes `name="…%"` of a text, in hundredths of a per cent.
fn percents(html: &str, name: &str) -> Vec<u128> {
    html.split(&format!(" {name}=\""))
        .skip(1)
        .filter_map(|rest| rest.split_once('"')?.0.strip_suffix('%'))
        .filter_map(|number| number.replace('.', "").parse().ok())
        .collect()
}

#[test]
fn texts_are_escaped_everywhere() {
    let hostile = "<script>alert('\"&')</script>";
    let caption = Caption::new(hostile, hostile, hostile, hostile);
    let data = [Datum::new(hostile, 3)
        .text(hostile)
        .href("/x?a=\"><script>")];
    let tiles = [Tile::new(0, 0, data[0].clone())];
    for chart in [
        bars(&caption, &data),
        stacked_bar(&caption, &data),
        funnel(&caption, &data),
        tile_map(&caption, &tiles),
    ] {
        let html = chart.to_string();
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("a=\">"), "an attribute was left: {html}");
    }
}

#[test]
fn zero_values_draw_nothing_and_divide_nothing() {
    let data = [Datum::new("甲", 0), Datum::new("乙", 0)];
    let html = bars(&caption(), &data).to_string();
    assert!(html.contains("width=\"0.00%\""));
    let html = stacked_bar(&caption(), &data).to_string();
    assert!(html.contains("—") && !html.contains("NaN"));
    let html = funnel(&caption(), &data).to_string();
    assert!(html.contains("占上一步 —"));
    let html = tile_map(&caption(), &[Tile::new(0, 0, Datum::new("甲", 0))]).to_string();
    assert!(html.contains("zd-level-0"));
}

#[test]
fn no_data_is_an_empty_picture_with_a_table() {
    for chart in [
        bars(&caption(), &[]),
        stacked_bar(&caption(), &[]),
        funnel(&caption(), &[]),
        tile_map(&caption(), &[]),
    ] {
        assert!(chart.to_string().contains("<tbody></tbody>"));
    }
}

#[test]
fn a_small_value_stays_visible() {
    let data = [Datum::new("多", 1_000_000), Datum::new("少", 1)];
    let html = bars(&caption(), &data).to_string();
    assert!(html.contains("width=\"0.40%\""), "{html}");
}

#[test]
fn every_chart_speaks_to_screen_readers_and_obeys_the_policy() {
    let data = [Datum::new("甲", 1), Datum::new("乙", 2).href("/list?x=2")];
    let tiles: Vec<Tile> = data
        .iter()
        .enumerate()
        .map(|(at, datum)| Tile::new(at, 0, datum.clone()))
        .collect();
    for chart in [
        bars(&caption(), &data),
        stacked_bar(&caption(), &data),
        funnel(&caption(), &data),
        tile_map(&caption(), &tiles),
    ] {
        let html = chart.to_string();
        for part in [
            "aria-label=\"按行业\"",
            "<title>按行业</title>",
            "<desc>制造业最多</desc>",
            "<th scope=\"row\">甲</th>",
            "href=\"/list?x=2\"",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(
            html.contains("role=\"img\"")
                || html.contains("role=\"group\"") && html.contains("<a ")
        );
        assert!(!html.contains("style=") && !html.contains(" on"), "{html}");
    }
}

#[test]
fn shares_are_rounded_half_up() {
    assert_eq!(percent_text(1, 3), "33.3%");
    assert_eq!(percent_text(2, 3), "66.7%");
    assert_eq!(percent_text(1, 2_000), "0.1%");
    assert_eq!(percent_text(7, 7), "100.0%");
    assert_eq!(percent_text(u64::MAX, u64::MAX), "100.0%");
    assert_eq!(Datum::new("甲", 1_400_000).text, "1,400,000");
}

#[test]
fn long_labels_are_cut_in_the_picture_and_whole_in_the_table() {
    let name = "软件和信息技术服务业以及互联网和相关服务";
    let html = bars(&caption(), &[Datum::new(name, 5)]).to_string();
    assert!(html.contains("软件和信息技术服务业以及互…"));
    assert!(html.contains(&format!("<th scope=\"row\">{name}</th>")));
}

#[test]
fn the_largest_tile_has_the_darkest_shade() {
    let tiles: Vec<Tile> = [0, 1, 20, 21, 100]
        .into_iter()
        .enumerate()
        .map(|(at, value)| Tile::new(at, 0, Datum::new("县", value)))
        .collect();
    let html = tile_map(&caption(), &tiles).to_string();
    let levels: Vec<&str> = html
        .split("zd-tile zd-level-")
        .skip(1)
        .map(|rest| &rest[..1])
        .collect();
    assert_eq!(levels, ["0", "1", "1", "2", "5"]);
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole(values in prop::collection::vec(0_u64..=1 << 40, 1..12)) {
        let data: Vec<Datum> = values.iter().map(|value| Datum::new("部分", *value)).collect();
        let html = stacked_bar(&caption(), &data).to_string();
        let picture = html.split("</svg>").next().unwrap_or_default();
        let widths = percents(picture, "width");
        let total: u64 = values.iter().sum();
        // The first width is that of the picture itself, without decimals.
        let parts: u128 = widths[1..].iter().sum();
        prop_assert_eq!(parts, WHOLE);
        prop_assert!(total == 0 || widths.len() == values.len() + 1);
    }

    #[test]
    fn bars_never_leave_the_picture(values in prop::collection::vec(any::<u64>(), 0..20)) {
        let data: Vec<Datum> = values.iter().map(|value| Datum::new("行", *value)).collect();
        for chart in [bars(&caption(), &data), funnel(&caption(), &data)] {
            for width in percents(&chart.to_string(), "width") {
                prop_assert!(width <= WHOLE);
            }
        }
    }
}
