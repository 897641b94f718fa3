//! Chinese words for what records and jobs name by slugs. What is not listed here is shown by its slug.

/// Actions by room, in the order of the filter.
const ACTIONS: &[(&str, &str)] = &[
    ("people.", "组织与账号：全部"),
    ("people.sign_in", "登录"),
    ("people.sign_in_failed", "登录没有成功"),
    ("people.code_failed", "验证码不对"),
    ("people.sign_out", "退出登录"),
    ("people.switch_seat", "切换任职"),
    ("people.end_session", "结束会话"),
    ("people.change_password", "修改密码"),
    ("people.reset_password", "重置密码"),
    ("people.begin_factor", "开始设置第二因素"),
    ("people.set_up_factor", "设置第二因素"),
    ("people.reset_factor", "重置第二因素"),
    ("people.new_recovery_codes", "重新生成恢复码"),
    ("people.give_code", "通过第二因素"),
    ("people.create_token", "建立访问令牌"),
    ("people.end_token", "停用访问令牌"),
    ("people.set_up", "首次设置管理员"),
    ("people.create_organisation", "建立组织"),
    ("people.change_organisation", "修改组织"),
    ("people.create_account", "建立账号"),
    ("people.change_account", "修改账号"),
    ("people.open_account", "启用账号"),
    ("people.close_account", "停用账号"),
    ("people.make_demo_account", "建立演示账号"),
    ("people.register", "注册账号"),
    ("people.grant_seat", "授予任职"),
    ("people.end_seat", "撤销任职"),
    ("people.end_access", "结束全部会话和令牌"),
    ("people.hand_over", "交接"),
    ("people.invite", "邀请"),
    ("people.accept_invitation", "接受邀请"),
    ("people.revoke_invitation", "收回邀请"),
    ("people.give_mandate", "授权代办"),
    ("people.end_mandate", "结束代办授权"),
    ("people.expect_identity", "关联统一身份"),
    ("people.link_identity", "绑定统一身份"),
    ("people.unlink_identity", "解除统一身份"),
    ("people.identity_refused", "统一身份登录没有成功"),
    ("people.seal_factors", "加密保存第二因素"),
    ("registry.", "市场主体库：全部"),
    ("registry.import", "导入市场主体"),
    ("registry.import_ask", "提出导入市场主体"),
    ("registry.view", "查看企业档案"),
    ("registry.list", "查询市场主体名录"),
    ("registry.export", "导出市场主体名录"),
    ("registry.rejects", "下载导入退回的行"),
    ("registry.tag_add", "建立标签"),
    ("registry.tag_switch", "启停标签"),
    ("registry.tag_recompute", "重新计算标签"),
    ("policies.", "惠企政策库：全部"),
    ("policies.publish", "发布政策事项"),
    ("policies.draft", "保存政策草稿"),
    ("policies.withdraw", "撤下政策事项"),
    ("policies.reinstate", "重新上架政策事项"),
    ("policies.attach", "上传政策文件附件"),
    ("policies.detach", "移除政策文件附件"),
    ("matching.", "政策直达：全部"),
    ("matching.run", "全量匹配"),
    ("matching.view", "查看企业的匹配结果"),
    ("matching.list", "查询事项匹配到的企业"),
    ("matching.export", "导出匹配结果"),
    ("cases.", "办件：全部"),
    ("cases.tell", "催办"),
    ("cases.time_up", "到期自动处理"),
    ("cases.recalculate", "重新计算时限"),
    ("cases.try_again", "重试受阻的办件"),
    ("calendar.", "工作日历：全部"),
    ("calendar.change", "变更工作日历"),
    ("messages.", "消息：全部"),
    ("messages.choose", "修改消息设置"),
    ("messages.unsubscribe", "用邮件里的链接退订"),
    ("messages.mute_item", "不再提醒一个事项"),
    ("messages.unmute_item", "恢复提醒一个事项"),
    ("messages.ask_mail", "发送邮箱验证码"),
    ("messages.confirm_mail", "确认邮箱"),
    ("messages.add_endpoint", "添加推送地址"),
    ("messages.test_endpoint", "测试推送地址"),
    ("messages.pause_endpoint", "停用推送地址"),
    ("messages.resume_endpoint", "恢复推送地址"),
    ("messages.renew_secret", "更换推送密钥"),
    ("messages.remove_endpoint", "移除推送地址"),
    ("messages.replay", "重新推送"),
    ("messages.retry", "重新投递消息"),
    ("messages.write_template", "修改消息模板"),
    ("messages.reset_template", "恢复消息模板"),
    ("audit.", "审计：全部"),
    ("audit.view", "查看审计记录"),
    ("audit.export", "导出审计记录"),
    ("audit.ask_verify", "发起审计链核验"),
    ("audit.verify", "核验审计链"),
    ("audit.prune", "清理到期的审计记录"),
    ("audit.key", "启用或更换审计密钥"),
    ("backup.", "备份：全部"),
    ("backup.make", "备份"),
    ("backup.restore", "恢复"),
    ("jobs.", "任务：全部"),
    ("jobs.cancel", "取消任务"),
    ("jobs.run_again", "重新运行任务"),
    ("jobs.switch", "启停定时任务"),
    ("jobs.run", "立即运行定时任务"),
    ("files.", "文件：全部"),
    ("files.release", "放行隔离的文件"),
    ("redemption.", "兑付：全部"),
    ("redemption.scheme_draft", "保存兑付方案草稿"),
    ("redemption.scheme_publish", "发布兑付方案"),
    ("redemption.scheme_pause", "暂停或恢复受理"),
    ("redemption.release", "放行免申候选"),
    ("redemption.hold_back", "暂不放行免申候选"),
    ("redemption.list", "更新比对名单"),
    ("redemption.confirm", "确认领取"),
    ("redemption.confirm_refused", "确认时复核未通过"),
    ("redemption.decline", "放弃领取"),
    ("redemption.file", "提交兑付申请"),
    ("redemption.complete", "补正"),
    ("redemption.withdraw", "撤回申请"),
    ("redemption.rate", "评价"),
    ("redemption.take", "领取办件"),
    ("redemption.advance", "送下一环节"),
    ("redemption.return", "退回环节"),
    ("redemption.ask_completion", "要求补正"),
    ("redemption.ask_opinions", "征求部门意见"),
    ("redemption.opinion", "给出意见"),
    ("redemption.drop_opinion", "不再征求意见"),
    ("redemption.extend", "延期"),
    ("redemption.transfer", "转办"),
    ("redemption.note", "备注"),
    ("redemption.grant", "核定"),
    ("redemption.refuse", "不予兑付"),
    ("redemption.end", "终止办件"),
    ("redemption.batch", "批量办理"),
    ("redemption.score_declare", "评审利害关系声明"),
    ("redemption.score", "评审打分"),
    ("redemption.score_strike", "不采用评审"),
    ("redemption.object", "提出公示异议"),
    ("redemption.objection_decide", "处理公示异议"),
    ("redemption.view_objection", "查看异议人"),
    ("redemption.view_file", "查看申请材料"),
    ("redemption.desk_export", "导出办件"),
    ("redemption.view_save", "保存常用视图"),
    ("redemption.view_remove", "删除常用视图"),
    ("redemption.letter_print", "生成决定书文件"),
    ("redemption.part", "分期拨付"),
    ("redemption.candidates", "夜间比对免申候选"),
    ("redemption.claw_back", "追回资金"),
    ("redemption.message", "就办件留言"),
    ("redemption.message_settle", "留言标为已处理"),
    ("redemption.remark", "内部备注"),
    ("redemption.view", "查看办件"),
    ("redemption.score_assign", "指定评审专家"),
    ("appeals.", "诉求：全部"),
    ("appeals.submit", "提交诉求"),
    ("appeals.repeat", "重复提交诉求"),
    ("appeals.take", "领取诉求"),
    ("appeals.accept", "受理"),
    ("appeals.turn_down", "不予受理"),
    ("appeals.sort", "修改分类"),
    ("appeals.dispatch", "派单"),
    ("appeals.object", "提出派单异议"),
    ("appeals.settle_objection", "处理派单异议"),
    ("appeals.contacted", "登记首次联系"),
    ("appeals.plan", "登记办理计划"),
    ("appeals.ask", "征求其他部门意见"),
    ("appeals.opinion", "给出意见"),
    ("appeals.reply", "答复"),
    ("appeals.ask_extension", "申请延期"),
    ("appeals.settle_extension", "审批延期"),
    ("appeals.message", "就诉求留言"),
    ("appeals.message_settle", "诉求留言标为已处理"),
    ("appeals.remark", "诉求内部备注"),
    ("appeals.transfer", "转办"),
    ("appeals.escalate", "提级办理"),
    ("appeals.note", "备注"),
    ("appeals.merge", "并案"),
    ("appeals.unmerge", "拆分并案"),
    ("appeals.conceal", "隐去诉求人"),
    ("appeals.visit", "回访"),
    ("appeals.supervise", "督办"),
    ("appeals.rehandle", "发回重办"),
    ("appeals.conclude", "办结"),
    ("appeals.rate", "评价诉求办理"),
    ("appeals.reopen", "要求重办"),
    ("appeals.withdraw", "撤回诉求"),
    ("appeals.view", "查看诉求"),
    ("appeals.view_file", "查看诉求附件"),
    ("appeals.view_save", "保存常用视图"),
    ("appeals.view_remove", "删除常用视图"),
    ("appeals.export", "导出诉求"),
    ("appeals.catalogue", "修改诉求分类目录"),
    ("appeals.rules", "修改诉求办理规则"),
    ("appeals.set_intake", "修改诉求渠道设置"),
    ("appeals.make_code", "制作诉求二维码"),
    ("appeals.end_code", "停用诉求二维码"),
    ("appeals.make_key", "发放接口密钥"),
    ("appeals.end_key", "停用接口密钥"),
    ("appeal.figures_export", "导出诉求数据"),
    ("appeal.theme_find", "发现一类事"),
    ("appeal.theme_follow", "跟踪一类事"),
    ("appeal.theme_measure", "为一类事确定举措"),
    ("appeal.theme_measure_done", "一类事的举措办结"),
    ("appeal.theme_dismiss", "不作一类事"),
    ("matching.tell", "通知企业新匹配"),
    ("meeting.", "调度会：全部"),
    ("meeting.found_series", "建立例会"),
    ("meeting.switch_series", "启用、停用例会"),
    ("meeting.plan", "安排调度会"),
    ("meeting.reschedule", "调度会改期"),
    ("meeting.cancel", "取消调度会"),
    ("meeting.hold", "召开调度会"),
    ("meeting.issue", "签发会议纪要"),
    ("meeting.minutes", "起草会议纪要"),
    ("meeting.add_items", "添加议题"),
    ("meeting.remove_item", "移除议题"),
    ("meeting.order_items", "调整议题顺序"),
    ("meeting.decide_item", "记录议题的议定意见"),
    ("meeting.add_attendee", "添加参会人"),
    ("meeting.remove_attendee", "移除参会人"),
    ("meeting.give_task", "交办事项"),
    ("meeting.task_step", "办理交办事项"),
    ("meeting.task_export", "导出交办清单"),
    ("meeting.print", "查看调度会文书"),
    ("meeting.remind", "提醒交办事项"),
    ("forms.", "表单：全部"),
    ("forms.open", "开始填表"),
    ("forms.save", "保存草稿"),
    ("forms.keep_aside", "另存过期页面的修改"),
    ("forms.settle", "处理另存的修改"),
    ("forms.detach", "移除材料"),
    ("forms.discard", "放弃草稿"),
    ("forms.mark", "标注要改的栏目"),
    ("funds.", "资金：全部"),
    ("funds.open_pool", "建立资金池"),
    ("funds.change_budget", "调整预算"),
    ("funds.switch_pool", "启停资金池"),
    ("funds.keep_payee", "登记收款账户"),
    ("funds.add_payer", "添加付款账户"),
    ("funds.switch_payer", "启停付款账户"),
    ("funds.draw", "编制拨付批次"),
    ("funds.send", "登记批次已交银行"),
    ("funds.approve", "复核拨付批次"),
    ("funds.withdraw", "退回或撤回拨付批次"),
    ("funds.stop_rows", "停付批次中的行"),
    ("funds.export_batch", "导出拨付文件"),
    ("funds.take_receipts", "导入银行回单"),
    ("funds.handle_receipt", "处理回单"),
    ("funds.pay_again", "重新拨付"),
    ("funds.settle_recovery", "登记追回或核销"),
    ("thread.", "留言：全部"),
    ("thread.read", "看过新留言"),
    ("phrase.", "常用语：全部"),
    ("phrase.save", "保存常用语"),
    ("phrase.remove", "删除常用语"),
    ("export_template.", "导出模板：全部"),
    ("export_template.save", "保存导出模板"),
    ("export_template.remove", "删除导出模板"),
];

/// Kinds of what things are done to.
const KINDS: &[(&str, &str)] = &[
    ("account", "账号"),
    ("organisation", "组织"),
    ("seat", "任职"),
    ("invitation", "邀请"),
    ("mandate", "代办授权"),
    ("session", "会话"),
    ("token", "访问令牌"),
    ("enterprise", "市场主体"),
    ("import_batch", "导入批次"),
    ("tag", "标签"),
    ("policy_document", "政策文件"),
    ("policy_item", "政策事项"),
    ("match_run", "全量匹配"),
    ("case", "办件"),
    ("scheme", "兑付方案"),
    ("comparison_list", "比对名单"),
    ("objection", "公示异议"),
    ("redemption_letter", "决定书"),
    ("view", "常用视图"),
    ("batch", "批量办理"),
    ("pool", "资金池"),
    ("payer", "付款账户"),
    ("payee", "收款账户"),
    ("payment", "拨付"),
    ("payment_batch", "拨付批次"),
    ("receipt", "银行回单"),
    ("receipt_file", "回单文件"),
    ("recovery", "追回"),
    ("candidate", "免申候选"),
    ("form_draft", "申请草稿"),
    ("template", "消息模板"),
    ("delivery", "消息投递"),
    ("webhook", "推送地址"),
    ("backup", "备份"),
    ("audit", "审计记录（成批）"),
    ("audit_record", "审计记录"),
    ("audit_verification", "审计链核验"),
    ("job", "任务"),
    ("schedule", "定时任务"),
    ("file_content", "文件内容"),
    ("calendar", "工作日历"),
    ("thread", "留言"),
    ("phrase", "常用语"),
    ("export_template", "导出模板"),
    ("item", "政策事项"),
    ("list", "名录"),
    ("appeal", "诉求"),
    ("appeal_catalogue", "诉求分类目录"),
    ("appeal_code", "诉求二维码"),
    ("appeal_figures", "诉求数据"),
    ("appeal_intake_settings", "诉求渠道设置"),
    ("appeal_open311_key", "接口密钥"),
    ("appeal_rules", "诉求办理规则"),
    ("appeal_theme", "一类事"),
    ("meeting", "调度会"),
    ("meeting_series", "例会"),
    ("meeting_task", "交办事项"),
];

/// Names of what records say of a thing before and after.
const KEYS: &[(&str, &str)] = &[
    ("name", "名称"),
    ("login", "登录名"),
    ("kind", "类别"),
    ("parent", "上级"),
    ("division", "行政区划"),
    ("valid_from", "起始日"),
    ("valid_until", "截止日"),
    ("role", "角色"),
    ("place", "单位"),
    ("account", "账号"),
    ("organisation", "组织"),
    ("enterprise", "企业"),
    ("actions", "权限"),
    ("expires_at", "有效至"),
    ("reason", "理由"),
    ("enabled", "启用"),
    ("active", "启用"),
    ("rule", "规则"),
    ("rows", "行数"),
    ("enterprises", "市场主体数"),
    ("accepted", "接受"),
    ("rejected", "退回"),
    ("unchanged", "没有变化"),
    ("department", "来源部门"),
    ("as_of", "数据日期"),
    ("upload", "上传的文件"),
    ("file_name", "文件名"),
    ("actor", "操作人"),
    ("sheet", "工作表"),
    ("mapping", "列的含义"),
    ("year", "年份"),
    ("on_behalf_of", "委托人"),
    ("items", "事项"),
    ("item", "事项"),
    ("number", "编号"),
    ("revision", "版本"),
    ("digest", "摘要"),
    ("day", "基准日"),
    ("news", "新匹配"),
    ("job", "任务"),
    ("filters", "条件"),
    ("format", "格式"),
    ("whole", "全部"),
    ("checked", "核验条数"),
    ("findings", "问题"),
    ("checkpoint", "检查点"),
    ("no", "第几条"),
    ("hash", "校验值"),
    ("up_to", "截至"),
    ("removed", "移除"),
    ("file", "文件"),
    ("bytes", "字节数"),
    ("columns", "列"),
    ("list", "列表"),
];

/// An action in Chinese, or its slug.
pub(crate) fn action(slug: &str) -> &str {
    of(ACTIONS, slug)
}

/// A kind in Chinese, or its slug.
pub(crate) fn kind(slug: &str) -> &str {
    of(KINDS, slug)
}

/// A key in Chinese, or as it is.
pub(crate) fn key(slug: &str) -> &str {
    of(KEYS, slug)
}

/// All actions, for a filter.
pub(crate) fn actions() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTIONS.iter().copied()
}

/// All kinds, for a filter.
pub(crate) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.iter().copied()
}

fn of<'a>(table: &[(&'static str, &'static str)], slug: &'a str) -> &'a str {
    let found = table.iter().find(|(known, _)| *known == slug);
    found.map_or(slug, |(_, word)| word)
}

/// Bytes as people read them, rounded up: 1.5 MB.
pub(crate) fn bytes(bytes: i64) -> String {
    let tenths = |unit: i64| {
        let tenths = (bytes.saturating_mul(10) + unit - 1) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        ..1_024 => format!("{bytes} 字节"),
        1_024..1_048_576 => format!("{} KB", tenths(1_024)),
        1_048_576..1_073_741_824 => format!("{} MB", tenths(1_048_576)),
        _ => format!("{} GB", tenths(1_073_741_824)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn no_slug_has_two_words() {
        for table in [ACTIONS, KINDS, KEYS] {
            let slugs: BTreeSet<&str> = table.iter().map(|(slug, _)| *slug).collect();
            assert_eq!(slugs.len(), table.len());
        }
        assert_eq!((action("people.sign_in"), action("x.y")), ("登录", "x.y"));
    }

    /// The string literals of a call's arguments, from behind its bracket on.
    fn literals(mut code: &str) -> Vec<&str> {
        let (mut found, mut depth) = (Vec::new(), 0);
        while let Some(at) = code.find(['(', ')', '"']) {
            let (sign, rest) = (&code[at..=at], &code[at + 1..]);
            code = rest;
            match sign {
                "(" => depth += 1,
                ")" if depth == 0 => break,
                ")" => depth -= 1,
                _ => {
                    let Some((literal, rest)) = code.split_once('"') else {
                        break;
                    };
                    found.push(literal);
                    code = rest;
                }
            }
        }
        found
    }

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => sources(&path, found),
                Some(end) if end == "rs" => {
                    let code = std::fs::read_to_string(&path).expect("a source");
                    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
                    found.push(code.to_owned());
                }
                _ => {}
            }
        }
    }

    /// Wherever the rooms write out what a record says, the page of the audit has Chinese for it.
    #[test]
    fn what_records_say_has_words() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut code = Vec::new();
        for room in [
            "appeals", "forms", "funds", "inbox", "matching", "meetings", "people",
        ] {
            sources(&crates.join(room).join("src"), &mut code);
        }
        for room in ["policies", "redemption", "registry"] {
            sources(&crates.join(room).join("src"), &mut code);
        }
        let is_slug = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let is_action = |text: &str| {
            let parts = text.split_once('.');
            parts.is_some_and(|(room, rest)| is_slug(room) && is_slug(rest))
        };
        let (mut seen, mut bare) = (0, BTreeSet::new());
        for code in &code {
            for call in ["Entry::new(", "Entry::view(", "entry("] {
                for arguments in code.split(call).skip(1) {
                    let literals = literals(arguments);
                    let Some(at) = literals.iter().position(|text| is_action(text)) else {
                        continue;
                    };
                    seen += 1;
                    if action(literals[at]) == literals[at] {
                        bare.insert(literals[at]);
                    }
                    match literals.get(at + 1) {
                        Some(&slug) if is_slug(slug) && kind(slug) == slug => bare.insert(slug),
                        _ => false,
                    };
                }
            }
        }
        assert!(seen > 80, "{seen}");
        assert_eq!(bare, BTreeSet::new());
    }

    #[test]
    fn bytes_are_rounded_up_to_a_tenth() {
        for (number, text) in [
            (0, "0 字节"),
            (1_023, "1023 字节"),
            (1_024, "1.0 KB"),
            (1_025, "1.1 KB"),
            (1_572_864, "1.5 MB"),
            (3_221_225_472, "3.0 GB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
