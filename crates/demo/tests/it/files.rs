//! The files of a city, and their bytes.

use std::fs;
use std::io::Read;

use serde_json::Value;
use sha2::{Digest, Sha256};
use zhida_demo::{City, DemoError, generate};
use zhida_standards::division::DivisionCode;

use crate::{alone, csv_of};

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// SHA-256 of 2,000 enterprises of seed 1. Change it together with `GENERATOR_VERSION`.
const ENTERPRISES: &str = "ae02fb231c2d8f2354a640d76da51c7f17c77addc29cda49388957cd4906ab12";
/// The same with the self-employed and cooperatives.
const ALL_KINDS: &str = "9952e1c672c6dd1181aa999c65679edd468254eddac0e7177dd9674b33de215b";
/// SHA-256 of the policy file of 40 items of seed 1.
const POLICIES: &str = "d3b94d00cae5e48ba837cfa47b7ad895e8aa248986afc1980f2d3179790b8394";

#[test]
fn the_bytes_are_pinned() {
    let city = alone(2_000, 1);
    assert_eq!(digest(csv_of(&city).as_bytes()), ENTERPRISES);
    let all = City {
        only_enterprises: false,
        ..city.clone()
    };
    assert_eq!(digest(csv_of(&all).as_bytes()), ALL_KINDS);
    let files: Vec<_> = generate::policy_files(&city).unwrap().collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name, "sample-370100-1-001.yaml");
    assert_eq!(digest(files[0].text.as_bytes()), POLICIES);
}

#[test]
fn the_manifest_names_every_file_with_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("city");
    let mut told = Vec::new();
    let city = City {
        items: 620,
        ..alone(3_000, 1)
    };
    let summary = generate::city(&city, &out, |done, total| told.push((done, total))).unwrap();
    assert_eq!(told.last(), Some(&(3_000, 3_000)));
    let text = fs::read_to_string(out.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest, serde_json::to_value(&summary).unwrap());
    assert_eq!(manifest["enterprises"], 3_000);
    let names: Vec<_> = summary
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let policies = [
        "policies/sample-370100-1-001.yaml",
        "policies/sample-370100-1-002.yaml",
    ];
    assert_eq!(
        names,
        [
            "enterprises.csv",
            policies[0],
            policies[1],
            "dictionary.yaml"
        ]
    );
    for file in &summary.files {
        let bytes = fs::read(out.join(&file.name)).unwrap();
        assert_eq!(bytes.len() as u64, file.bytes);
        assert_eq!(digest(&bytes), file.sha256);
    }
    assert_eq!(
        fs::read_to_string(out.join("enterprises.csv")).unwrap(),
        csv_of(&city)
    );
}

#[test]
fn gzip_holds_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let city = City {
        gzip: true,
        ..alone(500, 3)
    };
    generate::city(&city, folder.path(), |_, _| ()).unwrap();
    let file = fs::File::open(folder.path().join("enterprises.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, csv_of(&city));
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    let refused = generate::city(&alone(1, 1), folder.path(), |_, _| ());
    assert!(matches!(refused, Err(DemoError::NotEmpty(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn parameters_out_of_range_are_refused() {
    let refuse = |city: City| {
        let folder = tempfile::tempdir().unwrap();
        let error = generate::city(&city, folder.path(), |_, _| ()).unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        error.to_string()
    };
    let code = |text: &str| DivisionCode::parse(text).unwrap();
    assert!(
        refuse(City {
            enterprises: 50_000_000,
            ..alone(1, 1)
        })
        .contains("济南市")
    );
    assert!(
        refuse(City {
            items: 1_000_000,
            ..alone(1, 1)
        })
        .contains("200000")
    );
    assert!(
        refuse(City {
            division: code("379900"),
            ..alone(1, 1)
        })
        .contains("379900")
    );
    assert!(
        refuse(City {
            elsewhere_per_mille: 1000,
            ..alone(1, 1)
        })
        .contains("1000‰")
    );
    let reference_date = "1999-01-01".parse().unwrap();
    assert!(
        refuse(City {
            reference_date,
            ..alone(1, 1)
        })
        .contains("1999-01-01")
    );
}

#[test]
fn a_county_a_province_and_a_city_without_counties_work() {
    for (code, prefix) in [("371325", "371325"), ("330000", "33"), ("441900", "441900")] {
        let division = DivisionCode::parse(code).unwrap();
        let city = City {
            division,
            elsewhere: Vec::new(),
            ..alone(300, 1)
        };
        for row in crate::rows_of(&city) {
            assert!(row["所在区划"].starts_with(prefix), "{}", row["所在区划"]);
        }
        assert_eq!(generate::policy_files(&city).unwrap().count(), 1);
    }
}
