//! Tables of amounts: 分档, 二维分档, 超额累进 and 累计.

use std::cmp::Reverse;

use zhida_rules::{Comparison, Operator, Table};

use super::{
    Lowered, Writer,
    fraction::{Fraction, choose, first},
    joined, limited,
    number::pick,
    refused, scalar,
};
use crate::{exact::Exact, node::NodeId};

/// A row: where it starts for each subject, what it gives, and its rank among those reached.
struct Row {
    starts: Vec<Fraction>,
    value: Fraction,
    rank: Fraction,
    /// The rank, when it stands in the rule.
    fixed: Option<Exact>,
}

impl Writer<'_, '_> {
    pub(super) fn table(
        &self,
        table: Table,
        subjects: &[NodeId],
        rows: &[Box<[NodeId]>],
    ) -> Lowered<Fraction> {
        let cells = rows
            .iter()
            .flatten()
            .filter(|id| self.constant(**id).is_none());
        let facts: Vec<NodeId> = subjects.iter().chain(cells).copied().collect();
        let known = joined(" AND ", facts.iter().map(|id| self.known(*id)))?;
        let subjects = self.numbers(subjects)?;
        let found = match table {
            Table::Tier | Table::Matrix => self.reached(table, &subjects, rows)?,
            Table::Marginal => self.marginal(&subjects, rows)?,
        };
        // Each cell must be known, also of rows that do not count.
        Ok(Fraction {
            num: limited(format!("(CASE WHEN {known} THEN {} END)", found.num))?,
            den: found.den,
        })
    }

    /// The value of the highest row among those that the subjects reach; all is known.
    fn reached(
        &self,
        table: Table,
        subjects: &[Fraction],
        rows: &[Box<[NodeId]>],
    ) -> Lowered<Fraction> {
        let mut list = rows
            .iter()
            .map(|row| self.row(table, row))
            .collect::<Lowered<Vec<_>>>()?;
        // Of equal ranks the last counts.
        list.reverse();
        let ranked = list.iter().all(|row| row.fixed.is_some());
        if ranked {
            list.sort_by_key(|row| Reverse(row.fixed.clone()));
        }
        let mut cases = Vec::with_capacity(list.len());
        for (position, row) in list.iter().enumerate() {
            let mut when = vec![Ok(row.is_reached(subjects)?)];
            if !ranked {
                for (other, rival) in list.iter().enumerate() {
                    let higher = match other < position {
                        true => Comparison::GreaterOrEqual,
                        false => Comparison::Greater,
                    };
                    if other != position {
                        let beaten = rival.rank.compare(higher, &row.rank)?;
                        let reached = rival.is_reached(subjects)?;
                        when.push(Ok(format!("NOT ({reached} AND {beaten})")));
                    }
                }
            }
            let when = joined(" AND ", when.into_iter())?;
            cases.push((when, row.value.clone()));
        }
        first(cases)
    }

    fn row(&self, table: Table, row: &[NodeId]) -> Lowered<Row> {
        let (Some(first), Some((last, starts))) = (row.first(), row.split_last()) else {
            return refused("没有内容的一档");
        };
        let rank = match table {
            Table::Matrix => last,
            _ => first,
        };
        Ok(Row {
            starts: self.numbers(starts)?,
            value: self.number(*last)?,
            rank: self.number(*rank)?,
            fixed: self.constant(*rank).cloned(),
        })
    }

    /// The parts of the subject within each row times the row's rate; all is known.
    fn marginal(&self, subjects: &[Fraction], rows: &[Box<[NodeId]>]) -> Lowered<Fraction> {
        let Some(subject) = subjects.first() else {
            return refused("没有参数的函数");
        };
        let mut earned = Vec::with_capacity(rows.len());
        for (position, row) in rows.iter().enumerate() {
            let [start, rate] = &self.numbers(row)?[..] else {
                return refused("没有比例的一档");
            };
            let next = rows.get(position + 1).and_then(|next| next.first());
            let top = match next {
                Some(end) => pick(subject.clone(), Comparison::LessOrEqual, self.number(*end)?)?,
                None => subject.clone(),
            };
            let when = top.compare(Comparison::Greater, start)?;
            let (top, start) = top.aligned(start.clone())?;
            let part = top
                .combine(Operator::Subtract, start)?
                .combine(Operator::Multiply, rate.clone())?;
            let nothing = part.nothing();
            earned.push(choose(&when, None, part, nothing)?);
        }
        Fraction::sum(earned)
    }

    /// The sum of the amounts of the stages in a set; amounts of other stages may be unknown.
    pub(super) fn stages(&self, set: NodeId, stages: &[(String, NodeId)]) -> Lowered<Fraction> {
        if self.is_unknown(set) {
            return Ok(Fraction::unknown());
        }
        let set = self.scalar(set)?;
        let amounts = stages.iter().map(|(stage, amount)| {
            let when = scalar::contains(&set, stage)?;
            let unless = format!("NOT {when}");
            choose(
                &when,
                Some(&unless),
                self.number(*amount)?,
                Fraction::zero(),
            )
        });
        Fraction::sum(amounts.collect::<Lowered<_>>()?)
    }
}

impl Row {
    fn is_reached(&self, subjects: &[Fraction]) -> Lowered<String> {
        let starts = subjects.iter().zip(&self.starts);
        joined(
            " AND ",
            starts.map(|(subject, start)| subject.compare(Comparison::GreaterOrEqual, start)),
        )
    }
}
