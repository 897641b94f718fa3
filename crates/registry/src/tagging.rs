//! Tag rules as officers work with them: preview, add, switch, recompute.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Actor};
use zhida_platform::db::Tx;
use zhida_platform::progress::Progress;
use zhida_rules::{Env, Rule, RuleError};

use crate::document::Document;
use crate::model::{Query, TagRule};
use crate::rights::TAGS;
use crate::tags::{NAME_CHARS_MAX, RULE_CHARS_MAX, RULES_MAX, Tags};
use crate::{Registry, RegistryError, store};

/// What a record names that is of no single tag.
const ALL_TAGS: &str = "全部";
/// Enterprises whose tags are recomputed in one transaction.
const CHUNK: i64 = 2_000;

/// 一条标签规则会产生的结果。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TagPreview {
    /// 规则的规范形式。
    pub rule: String,
    /// 白话。
    pub plain: String,
    /// 会得到标签的市场主体数。
    pub holders: u64,
    /// 因数据不足无法判断的市场主体数。
    pub unknown: u64,
    /// 库中的市场主体数。
    pub total: u64,
}

/// 标签、规则和现状。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TagState {
    /// 规则。
    #[serde(flatten)]
    pub rule: TagRule,
    /// 有这个标签的市场主体数。
    pub holders: u64,
    /// 已启用却不能产生标签的原因；正常时为空。
    pub problem: String,
}

impl Registry {
    /// All tags with their rules.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tags(&self) -> Result<Vec<TagState>, RegistryError> {
        let conn = self.db().conn();
        let rules = store::rules(conn).await?;
        let counts = store::tag_counts(conn).await?;
        let compiled = Tags::compile(self.dictionary(), &rules);
        let states = rules.into_iter().map(|rule| {
            let holders = counts
                .iter()
                .find(|(tag, _)| *tag == rule.name)
                .map_or(0, |(_, count)| *count);
            let broken = compiled.broken.iter().find(|(name, _)| *name == rule.name);
            TagState {
                holders,
                problem: broken
                    .map(|(_, error)| error.to_string())
                    .unwrap_or_default(),
                rule,
            }
        });
        Ok(states.collect())
    }

    /// Checks a tag's rule.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub fn check_tag(&self, rule: &str) -> Result<Rule, RuleError> {
        Rule::compile(self.dictionary(), rule)
    }

    /// What a rule would do now: goes through the whole registry.
    ///
    /// # Errors
    /// When the rule is wrong or the database fails.
    pub async fn preview_tag(&self, rule: &str) -> Result<TagPreview, RegistryError> {
        let rule = self.compiled(rule)?;
        let (dictionary, on) = (self.dictionary(), self.clock().today());
        let mut preview = TagPreview {
            rule: rule.normal_text(dictionary),
            plain: rule.plain_text(dictionary),
            holders: 0,
            unknown: 0,
            total: 0,
        };
        let mut after = 0;
        loop {
            let rows = store::tags_after(self.db().conn(), after, CHUNK).await?;
            let Some(last) = rows.last() else {
                return Ok(preview);
            };
            after = last.seq;
            for row in &rows {
                let document = Document::parse(dictionary, &row.facts)
                    .map_err(|_| RegistryError::Damaged(row.code.clone()))?;
                let facts = document.to_bare_facts();
                preview.total += 1;
                match rule.evaluate(&Env {
                    dictionary,
                    facts: &facts,
                    on,
                }) {
                    Some(true) => preview.holders += 1,
                    Some(false) => {}
                    None => preview.unknown += 1,
                }
            }
        }
    }

    /// Adds a tag by rule. Enterprises get it by [`Registry::recompute_tags`] and at their next change.
    ///
    /// # Errors
    /// When name or rule are wrong, the tag is there already, the viewer may not write, or the database fails.
    pub async fn add_tag(
        &self,
        viewer: &Viewer,
        name: &str,
        rule: &str,
        note: &str,
    ) -> Result<(), RegistryError> {
        viewer.need(TAGS)?;
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            let message = format!("标签名称应为 1 至 {NAME_CHARS_MAX} 个字");
            return Err(RegistryError::TagField("name", message));
        }
        if note.chars().count() > 200 {
            return Err(RegistryError::TagField(
                "note",
                "说明不得超过 200 个字".to_owned(),
            ));
        }
        let compiled = self.compiled(rule)?;
        let conn = self.db().conn();
        let rules = store::rules(conn).await?;
        if rules.len() >= RULES_MAX {
            let message = format!("标签已有 {RULES_MAX} 个，请先停用并合并不用的标签");
            return Err(RegistryError::TagField("name", message));
        }
        if rules.iter().any(|rule| rule.name == name) {
            return Err(RegistryError::TagExists(name.to_owned()));
        }
        let rule = &TagRule {
            name: name.to_owned(),
            rule: compiled.normal_text(self.dictionary()),
            note: note.trim().to_owned(),
            active: true,
            updated_at: self.clock().now(),
        };
        let add = |tx: Tx| async move {
            store::insert_rule(&tx, rule).await?;
            self.record(&tx, viewer, "registry.tag_add", rule).await
        };
        match self.db().write(add).await {
            Err(RegistryError::Database(error)) if error.is_unique_violation() => {
                Err(RegistryError::TagExists(name.to_owned()))
            }
            done => done,
        }
    }

    /// Switches a tag on or off. [`Registry::recompute_tags`] gives or takes it.
    ///
    /// # Errors
    /// When there is no such tag, the viewer may not write, or the database fails.
    pub async fn set_tag_active(
        &self,
        viewer: &Viewer,
        name: &str,
        active: bool,
    ) -> Result<(), RegistryError> {
        viewer.need(TAGS)?;
        let now = self.clock().now();
        let rules = store::rules(self.db().conn()).await?;
        let rule = rules.into_iter().find(|rule| rule.name == name);
        let rule = &TagRule {
            active,
            ..rule.ok_or_else(|| RegistryError::NoTag(name.to_owned()))?
        };
        let switch = |tx: Tx| async move {
            if !store::set_active(&tx, &rule.name, active, now).await? {
                return Err(RegistryError::NoTag(rule.name.clone()));
            }
            self.record(&tx, viewer, "registry.tag_switch", rule).await
        };
        self.db().write(switch).await
    }

    /// Judges the tags of all enterprises anew, today; how many enterprises there are, or were judged until the
    /// progress wanted it to stop. Some tags depend on the day (成立月数), so this also runs daily. Each chunk in which
    /// something changed is on record.
    ///
    /// # Errors
    /// When the database fails; the chunks before it stay.
    pub async fn recompute_tags(
        &self,
        by: impl Into<Actor>,
        progress: &dyn Progress,
    ) -> Result<u64, RegistryError> {
        let by = &by.into();
        let rules = store::rules(self.db().conn()).await?;
        let tags = &Tags::compile(self.dictionary(), &rules);
        let total = self.count(&Query::default()).await?;
        let (mut after, mut done) = (0, 0_u64);
        loop {
            // read and written under the same lock: a tag never lags behind a fact stored meanwhile
            let chunk = |tx: Tx| async move { self.recompute_chunk(&tx, by, tags, after).await };
            let (last, rows) = self.db().write(chunk).await?;
            let Some(last) = last else { return Ok(done) };
            after = last;
            done += rows;
            progress.report(done, Some(total), "重新计算标签");
            if progress.is_cancelled() {
                return Ok(done);
            }
        }
    }

    async fn recompute_chunk(
        &self,
        tx: &Tx,
        by: &Actor,
        tags: &Tags,
        after: i64,
    ) -> Result<(Option<i64>, u64), RegistryError> {
        let mut counters = store::lock(tx).await?;
        let (dictionary, today) = (self.dictionary(), self.clock().today());
        let rows = store::tags_after(tx, after, CHUNK).await?;
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let mut before = store::tags_of(tx, &seqs).await?;
        let (mut changed, mut fresh) = (Vec::new(), Vec::new());
        for row in &rows {
            let document = Document::parse(dictionary, &row.facts)
                .map_err(|_| RegistryError::Damaged(row.code.clone()))?;
            let tags = tags.of(dictionary, &document, today);
            let known = before.remove(&row.seq).unwrap_or_default();
            if BTreeSet::from_iter(&known) != BTreeSet::from_iter(&tags) {
                changed.push(row.seq);
                fresh.push((row.seq, tags));
            }
        }
        if !changed.is_empty() {
            let fresh: Vec<(i64, &[String])> = fresh
                .iter()
                .map(|(seq, tags)| (*seq, tags.as_slice()))
                .collect();
            store::replace_tags(tx, &changed, &fresh).await?;
            // whoever keeps lists or counts by tag asks for the version
            counters.version += 1;
            counters.save(tx).await?;
            let at = self.clock().now();
            let entry = audit::Entry::new(at, by, "registry.tag_recompute", "tag", ALL_TAGS)
                .detail(serde_json::json!({ "enterprises": changed.len() }));
            audit::append(tx, &entry).await?;
        }
        Ok((seqs.last().copied(), rows.len() as u64))
    }

    fn compiled(&self, rule: &str) -> Result<Rule, RegistryError> {
        if rule.trim().is_empty() || rule.chars().count() > RULE_CHARS_MAX {
            let message = format!(
                "请写一条规则，不超过 {RULE_CHARS_MAX} 个字，如“专精特新中小企业 or 高新技术企业”"
            );
            return Err(RegistryError::TagField("rule", message));
        }
        self.check_tag(rule)
            .map_err(|error| RegistryError::TagField("rule", error.to_string()))
    }

    async fn record(
        &self,
        tx: &Tx,
        viewer: &Viewer,
        action: &'static str,
        rule: &TagRule,
    ) -> Result<(), RegistryError> {
        let at = self.clock().now();
        let entry = audit::Entry::new(at, viewer, action, "tag", &rule.name)
            .detail(serde_json::json!({ "rule": rule.rule, "active": rule.active }));
        audit::append(tx, &entry).await?;
        Ok(())
    }
}
