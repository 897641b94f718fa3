//! 诉求分类: three levels, each with the body that answers for it, what it takes and what it does not.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::words::Track;

/// Levels of a path at most.
const LEVELS_MAX: usize = 3;
/// Categories at most.
const CATEGORIES_MAX: usize = 2_000;
/// What stands behind the name of a category that new appeals cannot have.
pub(crate) const CLOSED: &str = "（已停用）";
/// Characters of a name or reason at most.
const WORDS_MAX: usize = 200;

/// 不予受理清单的一项。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppealRefusal)]
pub struct Refusal {
    /// 不予受理的原因。
    pub reason: String,
    /// 应当去哪里。
    pub instead: String,
}

/// 一个分类和它的职责清单。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppealCategory)]
pub struct Category {
    /// 路径，例如 labour/insurance/injury。
    #[schema(example = "labour/insurance/injury")]
    pub path: String,
    /// 名称。
    pub name: String,
    /// 责任单位的名称；不写的按上级分类。
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub department: String,
    /// 管辖范围的区划代码；不写的为全部。
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// 一般按哪种类型办理，受理时预先选好；不写的按上级分类。
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// 受理清单。
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
    /// 不予受理清单。
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// 是否停用：停用的不再用于新的诉求，在办的保留。
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

/// 一个版本的全部分类。
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppealCatalogue)]
pub struct Catalogue {
    /// 对所有分类都适用的不予受理清单。
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// 分类，按路径排列；上级在下级之前。
    pub categories: Vec<Category>,
}

impl Catalogue {
    /// A category by its path, closed or not.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Category> {
        self.categories.iter().find(|one| one.path == path)
    }

    /// Those that new appeals may have.
    pub fn open(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(|one| !one.closed)
    }

    /// The name with those above it: 用工社保 / 社会保险 / 工伤. What is not there any more says so.
    #[must_use]
    pub fn full_name(&self, path: &str) -> String {
        let names: Vec<&str> = above(path)
            .filter_map(|path| self.find(path))
            .map(|one| one.name.as_str())
            .collect();
        match self.find(path) {
            Some(one) if one.closed => format!("{}{CLOSED}", names.join(" / ")),
            Some(_) => names.join(" / "),
            None if path.is_empty() => "未分类".to_owned(),
            None => format!("{path}{CLOSED}"),
        }
    }

    /// The body that answers for a category: its own, or the nearest above that names one.
    #[must_use]
    pub fn department(&self, path: &str) -> Option<&str> {
        let named = above(path).filter_map(|path| self.find(path));
        named
            .filter(|one| !one.department.is_empty())
            .last()
            .map(|one| one.department.as_str())
    }

    /// How hard its appeals usually are: its own track, or that of the nearest above that names one.
    #[must_use]
    pub fn track(&self, path: &str) -> Option<Track> {
        let named = above(path).filter_map(|path| self.find(path));
        named.filter_map(|one| one.track).last()
    }

    /// Puts a category in the place of the one with its path, or behind the last that lies beside or below it.
    pub fn put(&mut self, category: Category) {
        if let Some(there) = self
            .categories
            .iter_mut()
            .find(|one| one.path == category.path)
        {
            *there = category;
            return;
        }
        let parent = category.path.rsplit_once('/').map(|(parent, _)| parent);
        let inside = |one: &Category| match parent {
            Some(parent) => above(&one.path).any(|path| path == parent),
            None => true,
        };
        let last = self.categories.iter().rposition(inside);
        let at = last.map_or(self.categories.len(), |last| last + 1);
        self.categories.insert(at, category);
    }

    /// A path that nothing has yet, below this one; nobody has to make one up.
    #[must_use]
    pub fn new_path(&self, parent: &str) -> String {
        let below = match parent {
            "" => String::new(),
            parent => format!("{parent}/"),
        };
        let free = (1..).map(|number| format!("{below}c{number}"));
        let mut free = free.filter(|path| self.find(path).is_none());
        free.next().unwrap_or_default()
    }

    /// What a category does not take: its own list and those above it, then the general one.
    #[must_use]
    pub fn refusals_of(&self, path: &str) -> Vec<&Refusal> {
        let own = above(path).filter_map(|path| self.find(path));
        let own: Vec<&Refusal> = own.flat_map(|one| &one.refusals).collect();
        own.into_iter().chain(&self.refusals).collect()
    }

    /// What is wrong with it, one sentence each.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.open().next().is_none() {
            faults.push("没有可用的分类，请至少保留一个".to_owned());
        }
        if self.categories.len() > CATEGORIES_MAX {
            faults.push(format!(
                "分类有 {} 个，最多 {CATEGORIES_MAX} 个",
                self.categories.len()
            ));
        }
        for (at, one) in self.categories.iter().enumerate() {
            self.faults_of(at, one, &mut faults);
        }
        faults
    }

    fn faults_of(&self, at: usize, one: &Category, faults: &mut Vec<String>) {
        let path = &one.path;
        let parts: Vec<&str> = path.split('/').collect();
        let slug = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if parts.len() > LEVELS_MAX || !parts.iter().all(slug) {
            faults.push(format!(
                "分类路径“{path}”不对：最多 {LEVELS_MAX} 级，每级用小写字母、数字和下划线，用 / 隔开"
            ));
        }
        if one.name.trim().is_empty() || one.name.chars().count() > WORDS_MAX {
            faults.push(format!("分类“{path}”没有名称，或名称超过 {WORDS_MAX} 字"));
        }
        if self.categories[..at]
            .iter()
            .any(|other| other.path == *path)
        {
            faults.push(format!("分类“{path}”写了两次"));
        }
        if let Some((parent, _)) = path.rsplit_once('/')
            && self.find(parent).is_none()
        {
            faults.push(format!("分类“{path}”没有上级“{parent}”"));
        }
        if !one.place.is_empty()
            && zhida_standards::division::DivisionCode::parse(&one.place).is_err()
        {
            faults.push(format!("分类“{path}”的管辖区划“{}”不是区划代码", one.place));
        }
        for refusal in &one.refusals {
            if refusal.reason.trim().is_empty() || refusal.instead.trim().is_empty() {
                faults.push(format!("分类“{path}”的不予受理清单要写明原因和去处"));
            }
        }
        if !one.closed && self.department(path).is_none() {
            faults.push(format!("分类“{path}”和它的上级都没有责任单位"));
        }
    }
}

/// A path with those above it, the highest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([path.len()]);
    ends.map(|end| &path[..end])
}

/// The shipped catalogue: what a city begins with.
///
/// # Errors
/// The shipped file cannot be read; a test holds it.
pub(crate) fn shipped() -> Result<&'static Catalogue, Error> {
    static SHIPPED: LazyLock<Option<Catalogue>> = LazyLock::new(|| {
        let text = include_str!("../../../../data/appeals/categories.yaml");
        serde_norway::from_str(text).ok()
    });
    SHIPPED.as_ref().ok_or(Error::Stored("诉求分类"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let catalogue = shipped().unwrap();
        assert_eq!(catalogue.faults(), Vec::<String>::new());
        assert_eq!(
            catalogue
                .categories
                .iter()
                .filter(|one| !one.path.contains('/'))
                .count(),
            13
        );
        assert_eq!(
            catalogue.full_name("labour/insurance/injury"),
            "用工社保 / 社会保险 / 工伤"
        );
        assert_eq!(
            catalogue.department("labour/insurance/injury"),
            Some("人力资源和社会保障局")
        );
        assert_eq!(
            catalogue.department("labour/living/housing"),
            Some("住房和城乡建设局")
        );
    }

    #[test]
    fn faults_say_what_and_where() {
        let category = |path: &str, name: &str| Category {
            path: path.to_owned(),
            name: name.to_owned(),
            ..Category::default()
        };
        let wrong = Catalogue {
            refusals: Vec::new(),
            categories: vec![
                category("A", "甲"),
                category("b/c", "乙"),
                category("b/c", ""),
            ],
        };
        let faults = wrong.faults().join("\n");
        for part in ["“A”不对", "没有上级“b”", "写了两次", "没有名称", "责任单位"]
        {
            assert!(faults.contains(part), "{part}: {faults}");
        }
    }

    #[test]
    fn refusals_of_a_category_come_before_the_general_ones() {
        let catalogue = shipped().unwrap();
        let refusals = catalogue.refusals_of("labour/dispute");
        assert!(refusals[0].instead.contains("仲裁委员会"));
        assert!(refusals.len() > catalogue.refusals.len());
    }
}
