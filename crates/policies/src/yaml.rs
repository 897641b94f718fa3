//! YAML (and JSON, which is YAML) from strangers: read into plain JSON under a budget, so that a
//! small file that unfolds into a huge one (“billion laughs”) is refused while it unfolds.

use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Bytes of a file at most.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// Values (scalars, lists, objects) of a file at most, aliases unfolded.
const NODES_MAX: usize = 200_000;
/// Bytes of text of a file at most, aliases unfolded.
const TEXT_BYTES_MAX: usize = 8 << 20;
/// Lists and objects within each other at most.
const DEPTH_MAX: usize = 24;

const TOO_LARGE: &str = "内容展开后过大（可能反复引用了 YAML 锚点）";
const TOO_DEEP: &str = "嵌套层数过多";

/// Reads one YAML or JSON document.
///
/// # Errors
/// A sentence saying what is wrong and where.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!(
            "文件超过 {} MB，请按政策文件拆开",
            FILE_BYTES_MAX >> 20
        ));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!(
            "文件不是 UTF-8 编码（第 {} 字节起），请另存为 UTF-8",
            error.valid_up_to() + 1
        )
    })?;
    let budget = Budget {
        nodes: Cell::new(NODES_MAX),
        bytes: Cell::new(TEXT_BYTES_MAX),
    };
    let seed = Seed {
        budget: &budget,
        depth: 0,
    };
    seed.deserialize(serde_norway::Deserializer::from_str(text))
        .map_err(|error| {
            let place = error.location().map_or_else(String::new, |at| {
                format!("第 {} 行第 {} 列：", at.line(), at.column())
            });
            let words = error.to_string();
            let known = [TOO_LARGE, TOO_DEEP, "出现了两次"];
            match known.iter().find(|word| words.contains(**word)) {
                Some(_) => format!("{place}{words}"),
                None => format!("{place}YAML 格式有误（{words}），请检查缩进、冒号后的空格和引号"),
            }
        })
}

struct Budget {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn spend<E: serde::de::Error>(&self, text: usize) -> Result<(), E> {
        match (
            self.nodes.get().checked_sub(1),
            self.bytes.get().checked_sub(text),
        ) {
            (Some(nodes), Some(bytes)) => {
                self.nodes.set(nodes);
                self.bytes.set(bytes);
                Ok(())
            }
            _ => Err(E::custom(TOO_LARGE)),
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Budget,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(TOO_DEEP));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("文字、数字、列表或对象")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.budget.spend(0).map(|()| Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.spend(0).map(|()| value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.spend(0).map(|()| value.into())
    }

    // The shortest decimal that reads back the same is what the author wrote.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.spend(0)?;
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("数字无效"))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.budget.spend(value.len()).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(inner)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.budget.spend(key.len())?;
            let value = map.next_value_seed(inner)?;
            if object.insert(key.clone(), value).is_some() {
                return Err(serde::de::Error::custom(format!("“{key}”出现了两次")));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_yaml_and_json_are_read_alike() {
        let yaml = read(b"a: 1\nb: [x, \"2\", 2.5]\nc: ~\n").expect("yaml");
        let json = read(br#"{"a": 1, "b": ["x", "2", 2.5], "c": null}"#).expect("json");
        assert_eq!(yaml, json);
    }

    #[test]
    fn a_billion_laughs_are_refused_quickly() {
        let mut text = String::from("a0: &a0 [哈, 哈, 哈, 哈, 哈, 哈, 哈, 哈, 哈, 哈]\n");
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            let list = vec![below; 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        let started = std::time::Instant::now();
        let error = read(text.as_bytes()).expect_err("too large");
        assert!(started.elapsed().as_secs() < 10);
        assert!(error.contains("过大") || error.contains("YAML"), "{error}");
    }

    #[test]
    fn a_long_text_by_alias_counts_each_time() {
        let mut text = format!("a: &a \"{}\"\nb:\n", "文".repeat(300_000));
        for _ in 0..50 {
            text.push_str("  - *a\n");
        }
        assert!(
            read(text.as_bytes())
                .expect_err("too large")
                .contains("过大")
        );
    }

    #[test]
    fn deep_nests_double_keys_and_other_encodings_are_told() {
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        assert!(read(deep.as_bytes()).expect_err("deep").contains("嵌套"));
        assert!(read(b"a: 1\na: 2\n").expect_err("twice").contains("两次"));
        assert!(read(&[0xd6, 0xd0]).expect_err("gbk").contains("UTF-8"));
        assert!(read(b"a: [1\n").expect_err("broken").contains("行"));
        assert!(
            read(&vec![b' '; FILE_BYTES_MAX + 1])
                .expect_err("large")
                .contains("MB")
        );
    }
}
