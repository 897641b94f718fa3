//! Checks a form's meaning and compiles it.

mod circle;
mod fields;

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use zhida_rules::{AttributeIndex, Dictionary, Expr, NAME_MAX, Rule};

use crate::form::{Condition, FIELDS_MAX, Field, Group, Inner, Node, ROWS_MAX, Words};
use crate::{FormSource, Mistake, NodeSource};

/// Characters of a heading, a label or a line of help at most.
const WORDS_MAX: usize = 200;
/// Characters of a note, a declaration or the lead at most.
const NOTE_MAX: usize = 4_000;

/// What is collected on the way.
pub(crate) struct Checker<'a> {
    dictionary: &'a Dictionary,
    mistakes: Vec<Mistake>,
}

pub(crate) fn compile(source: FormSource, dictionary: &Dictionary) -> Result<Inner, Vec<Mistake>> {
    let mut checker = Checker {
        dictionary,
        mistakes: Vec::new(),
    };
    checker.limits(&source);
    let mut nodes: Vec<Node> = Vec::new();
    for (position, node) in source.nodes.iter().enumerate() {
        nodes.extend(checker.node(position, node));
    }
    checker.ids(&nodes);
    let extended = checker.extend(&mut nodes);
    let order = match extended {
        Some(ref extended) if checker.mistakes.is_empty() => {
            checker.conditions(&source, &mut nodes, extended);
            checker.order(&mut nodes)
        }
        _ => Vec::new(),
    };
    match (extended, checker.mistakes.is_empty()) {
        (Some(dictionary), true) => Ok(Inner {
            digest: digest(&source),
            source,
            nodes,
            dictionary,
            order,
        }),
        _ => Err(checker.mistakes),
    }
}

fn digest(source: &FormSource) -> String {
    let text = serde_json::to_string(source).unwrap_or_default();
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a node is named in a mistake.
fn place(position: usize, node: &NodeSource) -> String {
    match (&node.id, &node.group) {
        (Some(id), _) => format!("字段“{id}”"),
        (None, Some(id)) => format!("分组“{id}”"),
        (None, None) => format!("第 {} 项", position + 1),
    }
}

impl Checker<'_> {
    fn wrong(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(at, message));
    }

    fn limits(&mut self, source: &FormSource) {
        let fields = |node: &NodeSource| usize::from(node.id.is_some()) + node.nodes.len();
        let count: usize = source.nodes.iter().map(fields).sum();
        if count > FIELDS_MAX {
            self.wrong(
                "表单",
                format!("有 {count} 个字段，最多 {FIELDS_MAX} 个：请合并或删去不必要的"),
            );
        }
        if count == 0 {
            self.wrong("表单", "没有字段：请至少写一个（id、label、kind）");
        }
        if source.title.trim().is_empty() {
            self.wrong("表单", "缺少名称（title）");
        }
        self.words("表单", &source.title, "名称（title）", WORDS_MAX);
        self.words("表单", &source.lead, "说明（lead）", NOTE_MAX);
    }

    fn words(&mut self, at: &str, text: &str, what: &str, most: usize) {
        let count = text.chars().count();
        if count > most {
            self.wrong(at, format!("{what}有 {count} 个字，最多 {most} 个"));
        }
    }

    fn node(&mut self, position: usize, node: &NodeSource) -> Option<Node> {
        let at = place(position, node);
        let marks = [
            node.heading.is_some(),
            node.note.is_some(),
            node.group.is_some(),
            node.id.is_some(),
        ];
        if marks.iter().filter(|mark| **mark).count() != 1 {
            self.wrong(
                at,
                "应当恰好写 heading（标题）、note（说明）、group（分组）、id（字段）之一",
            );
            return None;
        }
        if let Some(text) = node.heading.as_ref().or(node.note.as_ref()) {
            return self.words_node(position, node, text, &at);
        }
        match &node.group {
            Some(id) => self.group(id, node, &at).map(Node::Group),
            None => self.field(node, &at, false).map(Box::new).map(Node::Field),
        }
    }

    fn words_node(
        &mut self,
        position: usize,
        node: &NodeSource,
        text: &str,
        at: &str,
    ) -> Option<Node> {
        let alone = NodeSource {
            heading: node.heading.clone(),
            note: node.note.clone(),
            shown_when: node.shown_when.clone(),
            ..NodeSource::default()
        };
        if *node != alone {
            self.wrong(at, "标题和说明只能再写 shown_when，请删去其他各项");
        }
        self.words(at, text, "文字", NOTE_MAX);
        let words = Words {
            key: format!("node-{position}"),
            text: text.to_owned(),
            condition: None,
        };
        Some(match node.heading {
            Some(_) => Node::Heading(words),
            None => Node::Note(words),
        })
    }

    fn group(&mut self, id: &str, node: &NodeSource, at: &str) -> Option<Group> {
        let alone = NodeSource {
            group: node.group.clone(),
            label: node.label.clone(),
            help: node.help.clone(),
            repeat: node.repeat,
            nodes: node.nodes.clone(),
            shown_when: node.shown_when.clone(),
            ..NodeSource::default()
        };
        if *node != alone {
            self.wrong(
                at,
                "分组只能写 label、help、repeat、shown_when、nodes，请删去其他各项",
            );
        }
        self.id(id, at);
        let label = self.label(node, at);
        if node.nodes.is_empty() {
            self.wrong(at, "分组里没有字段（nodes）");
        }
        let rows = node.repeat.map(|repeat| (repeat.min, repeat.max));
        if let Some((least, most)) = rows
            && (most == 0 || most > ROWS_MAX || least > most)
        {
            self.wrong(
                at,
                format!("repeat 的行数有误：max 应为 1 至 {ROWS_MAX}，min 不大于 max"),
            );
        }
        let mut fields = Vec::new();
        for (position, inner) in node.nodes.iter().enumerate() {
            let inner_at = format!("{at}的{}", place(position, inner));
            match inner.id {
                Some(_) => fields.extend(self.field(inner, &inner_at, rows.is_some())),
                None => self.wrong(inner_at, "分组里只能有字段（id），不能再有标题、说明或分组"),
            }
        }
        Some(Group {
            id: id.to_owned(),
            label,
            help: node.help.clone().unwrap_or_default(),
            rows,
            fields,
            order: Vec::new(),
            condition: None,
        })
    }

    fn label(&mut self, node: &NodeSource, at: &str) -> String {
        let label = node.label.clone().unwrap_or_default();
        if label.trim().is_empty() {
            self.wrong(at, "缺少名称（label）");
        }
        self.words(at, &label, "名称（label）", WORDS_MAX);
        let help = node.help.as_deref().unwrap_or_default();
        self.words(at, help, "提示（help）", WORDS_MAX);
        label
    }

    fn id(&mut self, id: &str, at: &str) {
        let starts = id.starts_with(|c: char| c.is_ascii_lowercase());
        let written = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !starts || !id.chars().all(written) || id.len() > NAME_MAX {
            self.wrong(
                at,
                format!(
                    "标识“{id}”应以小写字母开头，只用小写字母、数字、下划线，最多 {NAME_MAX} 个字符"
                ),
            );
        }
    }

    fn ids(&mut self, nodes: &[Node]) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for node in nodes {
            let group = match node {
                Node::Group(group) => Some(group.id.as_str()),
                _ => None,
            };
            for id in group
                .into_iter()
                .chain(fields_of(node).map(|f| f.id.as_str()))
            {
                *seen.entry(id).or_default() += 1;
            }
        }
        let mut twice: Vec<&str> = seen
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(id, _)| id)
            .collect();
        twice.sort_unstable();
        for id in twice {
            self.wrong(
                format!("字段“{id}”"),
                "标识用了两次：每个字段和分组的标识在整张表单里都不能重复，请改名",
            );
        }
    }

    /// The dictionary with the fields behind it, each knowing its place there.
    fn extend(&mut self, nodes: &mut [Node]) -> Option<Dictionary> {
        let mut attributes = self.dictionary.attributes().to_vec();
        let labels = labels(nodes);
        let mut added: HashMap<String, String> = HashMap::new();
        for field in nodes.iter().flat_map(fields_of) {
            let Some(attribute) = fields::nameable(field) else {
                continue;
            };
            let free = |word: &str| self.dictionary.named(word).is_none();
            let label = Some(field.label.as_str()).filter(|label| {
                labels.get(*label) == Some(&1) && free(label) && fields::is_word(label)
            });
            let id = Some(field.id.as_str()).filter(|id| free(id));
            // the dictionary's words keep their meaning
            let Some(word) = label.or(id) else {
                continue;
            };
            let mut attribute = attribute.clone();
            attribute.id = id.unwrap_or(word).to_owned();
            attribute.name = word.to_owned();
            added.insert(field.id.clone(), word.to_owned());
            attributes.push(attribute);
        }
        if !self.mistakes.is_empty() {
            return None;
        }
        let constants = self.dictionary.constants().to_vec();
        let extended = match Dictionary::new(attributes, constants) {
            Ok(extended) => extended,
            Err(error) => {
                self.wrong("表单", error.to_string());
                return None;
            }
        };
        for field in nodes.iter_mut().flat_map(fields_of_mut) {
            let word = added.get(&field.id);
            field.index = word.and_then(|word| extended.find(word));
        }
        Some(extended)
    }

    fn conditions(&mut self, source: &FormSource, nodes: &mut [Node], extended: &Dictionary) {
        let scope = Scope::new(nodes, extended);
        let mut compiled = Vec::new();
        for (position, written) in source.nodes.iter().enumerate() {
            let at = place(position, written);
            let own = written.shown_when.as_deref();
            let own = own.and_then(|text| self.condition(&scope, text, &at, None));
            let row = written.repeat.and(written.group.as_deref());
            let mut inner = Vec::new();
            for (position, field) in written.nodes.iter().enumerate() {
                let at = format!("{at}的{}", place(position, field));
                let text = field.shown_when.as_deref();
                inner.push(text.and_then(|text| self.condition(&scope, text, &at, row)));
            }
            compiled.push((own, inner));
        }
        for (node, (own, inner)) in nodes.iter_mut().zip(compiled) {
            match node {
                Node::Heading(words) | Node::Note(words) => words.condition = own,
                Node::Field(field) => field.condition = own,
                Node::Group(group) => {
                    group.condition = own;
                    for (field, condition) in group.fields.iter_mut().zip(inner) {
                        field.condition = condition;
                    }
                }
            }
        }
    }

    /// `row`: the repeatable group in whose rows the condition is asked.
    fn condition(
        &mut self,
        scope: &Scope<'_>,
        text: &str,
        at: &str,
        row: Option<&str>,
    ) -> Option<Condition> {
        let rule = match Rule::compile(scope.dictionary, text) {
            Ok(rule) => rule,
            Err(error) => {
                self.wrong(at, format!("显示条件有误：{error}"));
                return None;
            }
        };
        for index in rule.expr().attributes() {
            if let Some(other) = scope.mistaken(index) {
                let name = &scope.dictionary.attribute(index).name;
                self.wrong(
                    at,
                    format!("“{name}”既是属性，又是字段“{other}”的名称或标识：请给字段换一个，或让它从“{name}”预填"),
                );
            }
        }
        let names = scope.named(rule.expr());
        for name in &names {
            let group = scope.rows.get(name).map(String::as_str);
            if group.is_some() && group != row {
                self.wrong(
                    at,
                    format!("“{name}”是可重复分组里的字段，每一行都不同，只有同一分组的字段可以用它作条件"),
                );
            }
        }
        Some(Condition {
            plain: rule.plain_text(scope.dictionary),
            rule,
            names,
        })
    }
}

/// What conditions may name, and what stands behind it.
struct Scope<'a> {
    dictionary: &'a Dictionary,
    /// Fields by what they are, or stand in for, in a condition.
    by_index: HashMap<AttributeIndex, Vec<String>>,
    /// Fields that are called as an attribute is.
    alike: HashMap<AttributeIndex, Vec<String>>,
    /// The repeatable group of a field in rows.
    rows: HashMap<String, String>,
}

impl<'a> Scope<'a> {
    fn new(nodes: &[Node], dictionary: &'a Dictionary) -> Self {
        let mut scope = Self {
            dictionary,
            by_index: HashMap::new(),
            alike: HashMap::new(),
            rows: HashMap::new(),
        };
        for node in nodes {
            for field in fields_of(node) {
                scope.add(field);
                if let Node::Group(group) = node
                    && group.repeats()
                {
                    scope.rows.insert(field.id.clone(), group.id.clone());
                }
            }
        }
        scope
    }

    fn add(&mut self, field: &Field) {
        let stands_in = field.source.as_ref().map(|source| source.attribute);
        for index in field.index.into_iter().chain(stands_in) {
            let fields = self.by_index.entry(index).or_default();
            fields.push(field.id.clone());
        }
        for word in [&field.id, &field.label] {
            let index = self.dictionary.find(word);
            if let Some(index) = index.filter(|index| field.index != Some(*index)) {
                let fields = self.alike.entry(index).or_default();
                fields.push(field.id.clone());
            }
        }
    }

    /// A field that the author may have meant by an attribute's name.
    fn mistaken(&self, index: AttributeIndex) -> Option<&str> {
        let own = self.by_index.get(&index);
        let is_other = |id: &&String| !own.is_some_and(|own| own.contains(id));
        let alike = self.alike.get(&index)?;
        alike.iter().find(is_other).map(String::as_str)
    }

    /// The fields that an expression needs, derived attributes' formulas included.
    fn named(&self, expr: &Expr) -> Vec<String> {
        let mut seen: Vec<AttributeIndex> = Vec::new();
        let mut waiting = expr.attributes();
        while let Some(index) = waiting.pop() {
            if seen.contains(&index) {
                continue;
            }
            seen.push(index);
            waiting.extend(
                self.dictionary
                    .formula(index)
                    .into_iter()
                    .flat_map(Expr::attributes),
            );
        }
        let mut names: Vec<String> = seen
            .iter()
            .filter_map(|index| self.by_index.get(index))
            .flatten()
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

fn labels(nodes: &[Node]) -> HashMap<String, usize> {
    let mut labels = HashMap::new();
    for field in nodes.iter().flat_map(fields_of) {
        *labels.entry(field.label.clone()).or_default() += 1;
    }
    labels
}

pub(crate) fn fields_of(node: &Node) -> std::slice::Iter<'_, Field> {
    match node {
        Node::Field(field) => std::slice::from_ref(field.as_ref()),
        Node::Group(group) => group.fields.as_slice(),
        Node::Heading(_) | Node::Note(_) => &[],
    }
    .iter()
}

fn fields_of_mut(node: &mut Node) -> std::slice::IterMut<'_, Field> {
    match node {
        Node::Field(field) => std::slice::from_mut(field.as_mut()),
        Node::Group(group) => group.fields.as_mut_slice(),
        Node::Heading(_) | Node::Note(_) => &mut [],
    }
    .iter_mut()
}
