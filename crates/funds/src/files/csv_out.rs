use zhida_platform::export::{Cell, Column, Table};

use super::{PlainBatch, PlainRow, yuan};

/// The batch as a table for CSV: one row a payment, the same references as in pain.001.
pub(crate) fn table(batch: &PlainBatch) -> Table {
    let columns = vec![
        Column::new("付款参考号"),
        Column::new("金额(元)"),
        Column::wide("收款户名", 32),
        Column::wide("收款账号", 28),
        Column::wide("收款开户银行", 32),
        Column::new("收款行号"),
        Column::wide("用途", 40),
        Column::wide("统一社会信用代码", 22),
        Column::wide("付款户名", 32),
        Column::wide("付款账号", 28),
        Column::new("付款行号"),
        Column::new("付款日期"),
    ];
    let lines: Vec<_> = batch.rows.iter().map(|row| Ok(line(batch, row))).collect();
    Table::new(batch.number.clone(), columns, futures::stream::iter(lines))
}

fn line(batch: &PlainBatch, row: &PlainRow) -> Vec<Cell> {
    vec![
        row.reference.as_str().into(),
        Cell::Decimal(yuan(row.amount)),
        row.account.holder.as_str().into(),
        row.account.account.as_str().into(),
        row.account.bank.as_str().into(),
        row.account.cnaps.as_str().into(),
        row.purpose.as_str().into(),
        row.enterprise.as_str().into(),
        batch.payer.holder.as_str().into(),
        batch.payer.account.as_str().into(),
        batch.payer.cnaps.as_str().into(),
        batch.on.into(),
    ]
}
